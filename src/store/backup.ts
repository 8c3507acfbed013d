/**
 * Creates and restores backups. Each document is a consistent snapshot; commits go on meanwhile. Credentials stay
 * encrypted as they are at rest; the key is not in the backup.
 */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../json.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { BackupError, backupFile, invalidBackup, type RecordName, readBackup } from './backup-file.ts';
import { type Document, documentFrom, recordIdsOf } from './document.ts';
import { type DocumentCheck, untrustedDocumentProblem } from './document-check.ts';
import { migrateDocument } from './migrations.ts';
import type { Part } from './part.ts';
import { partKinds, unversionedKinds } from './part-names.ts';
import type { Store } from './store.ts';
import {
  DOCUMENT_BYTES,
  type DocumentJson,
  perRecordKind,
  RECORDS_MAX,
  type RecordKind,
  recordKinds,
  STATE_KEYS_MAX,
} from './stored.ts';

/** Integrations and records in a backup; all their ids are held in memory to find duplicates. */
const MAX_IDS = 2_000_000;
/** A backup within these limits is kept in memory after the check; a larger one is read a second time. */
const CACHED_BYTES = DOCUMENT_BYTES;
const CACHED_DOCUMENTS = 1_000;
/** Ids listed in an error message. */
const LISTED_IDS = 5;

/** Saves and restores records that belong to no integration. Implemented by the room that owns them. */
export interface BackupPart {
  readonly name: RecordName;
  /** Describes records that differ, for messages: `connectors have other permissions`. */
  readonly differ: string;
  all(): Promise<readonly JsonObject[]>;
  /** @returns what is wrong with a record, if anything */
  problemOf(record: unknown): string | undefined;
  /** Compares a valid record with the stored one. */
  compare(record: unknown): Promise<{ readonly id: string; readonly to: 'none' | 'same' | 'other' }>;
  /** Replaces the stored record. */
  put(record: unknown): Promise<void>;
}

export interface RestoreResult {
  /** Integrations that did not exist before. */
  readonly restored: number;
  /** Integrations that already had the content of the backup. */
  readonly unchanged: number;
  readonly overwritten: number;
  /** Connectors whose permissions were restored. */
  readonly acceptances: number;
  /** Missing if there were none. */
  readonly oauthClients?: number;
}

export interface RestoreOptions {
  /** Overwrites integrations and records that differ. */
  readonly overwrite?: boolean;
  readonly check?: DocumentCheck | undefined;
  /** Parses a document, in a worker thread for example. Default: synchronously. @throws BackupError */
  readonly read?: (json: Buffer) => Promise<Document>;
  /** Converts a valid document to what is stored, for example by encrypting its credentials. */
  readonly prepare?: ((document: Document, current: Document | undefined) => Promise<Document>) | undefined;
  /** Records of other kinds are not restored. */
  readonly parts?: readonly BackupPart[];
}

export const backupOf = (store: Store, now: Date, parts: readonly BackupPart[] = []): Readable =>
  backupFile({ records: recordsOf(parts), documents: store.documents() }, now);

async function* recordsOf(parts: readonly BackupPart[]): AsyncGenerator<{ name: RecordName; record: JsonObject }> {
  for (const part of parts) for (const record of await part.all()) yield { name: part.name, record };
}

/**
 * Restores a backup. Checks all of it before writing anything. Each document is one commit; repeating an
 * interrupted restore completes it.
 *
 * @throws BackupError
 */
export async function restore(store: Store, file: string, options: RestoreOptions = {}): Promise<RestoreResult> {
  const { overwrite = false } = options;
  const checked = await assertRestorable(store, file, options);
  const done = { restored: 0, unchanged: 0, overwritten: 0 };
  const put = { acceptance: 0, oauthClient: 0 };
  for await (const entry of checked ?? readEntries(file, options)) {
    if ('record' in entry) {
      const part = partFor(entry, options);
      const compared = await part?.compare(entry.record);
      if (!part || !compared || compared.to === 'same') continue;
      if (compared.to === 'other' && !overwrite) throw changedMeanwhile(compared.id);
      await part.put(entry.record);
      put[entry.name]++;
      continue;
    }
    const { document } = await prepareEntry(store, entry.document, options);
    const { _id } = document.integration.head;
    let outcome: 'restored' | 'unchanged' | 'overwritten' = 'restored';
    await store.commit(_id, (current) => {
      const isUnchanged = current !== undefined && isSame(current, document);
      if (current && !isUnchanged && !overwrite) throw changedMeanwhile(_id);
      outcome = isUnchanged ? 'unchanged' : current ? 'overwritten' : 'restored';
      if (isUnchanged) return current;
      return current ? withLaterRevisions(current, document) : document;
    });
    done[outcome]++;
  }
  const { acceptance: acceptances, oauthClient: oauthClients } = put;
  return { ...done, acceptances, ...(oauthClients > 0 ? { oauthClients } : {}) };
}

const partFor = ({ name }: ReadRecord, { parts = [] }: RestoreOptions): BackupPart | undefined =>
  parts.find((part) => part.name === name);

type ReadRecord = { readonly name: RecordName; readonly record: unknown };
type ReadEntry = ReadRecord | { readonly document: Document; readonly bytes: number };

async function* readEntries(file: string, { read, check }: RestoreOptions): AsyncGenerator<ReadEntry> {
  const readHere = (json: Buffer): Document => documentFrom(parseDocument(decodeUtf8(json), check));
  for await (const entry of readBackup(file)) {
    if ('record' in entry) yield entry;
    else yield { bytes: entry.document.length, document: await (read ?? readHere)(entry.document) };
  }
}

/** @returns the entries of a small backup; undefined for a large one, which has to be read again */
async function assertRestorable(
  store: Store,
  file: string,
  options: RestoreOptions,
): Promise<readonly ReadEntry[] | undefined> {
  const { overwrite = false } = options;
  let cached: ReadEntry[] | undefined = [];
  let bytes = 0;
  const different = { integrations: [] as string[], records: new Map<BackupPart, string[]>() };
  const seen = new Set<string>();
  for await (const entry of readEntries(file, options)) {
    bytes += 'bytes' in entry ? entry.bytes : 0;
    cached?.push(entry);
    if (bytes > CACHED_BYTES || (cached && cached.length > CACHED_DOCUMENTS)) cached = undefined;
    if ('record' in entry) {
      const part = partFor(entry, options);
      if (!part) continue;
      const problem = part.problemOf(entry.record);
      if (problem !== undefined) throw invalidBackup(problem);
      const { id, to } = await part.compare(entry.record);
      assertOnce(seen, `${entry.name} ${id}`);
      if (to === 'other') different.records.set(part, [...(different.records.get(part) ?? []), id]);
      continue;
    }
    const { document, current } = await prepareEntry(store, entry.document, options);
    await assertIdsUnused(store, document, seen);
    const { _id } = document.integration.head;
    if (current && !isSame(current, document)) different.integrations.push(_id);
  }
  const { integrations, records } = different;
  if (overwrite || integrations.length + records.size === 0) return cached;
  const reasons = [
    ...(integrations.length > 0
      ? [`${integrations.length} integrations exist with other content, ${listOf(integrations)}`]
      : []),
    ...[...records].map(([{ differ }, ids]) => `${ids.length} ${differ}, ${listOf(ids)}`),
  ];
  throw new BackupError('already_there', `${reasons.join('; ')}: nothing was restored.`);
}

const changedMeanwhile = (id: string): BackupError =>
  new BackupError('already_there', `${id} was created or changed meanwhile; repeat the restore.`);

/** The document to store, and the one stored now. */
async function prepareEntry(
  store: Store,
  document: Document,
  { prepare = async () => document }: RestoreOptions,
): Promise<{ readonly document: Document; readonly current: Document | undefined }> {
  const current = await store.get(document.integration.head._id);
  return { document: await prepare(document, current), current };
}

/** @throws BackupError */
export function decodeUtf8(json: Buffer): string {
  if (!isUtf8(json)) throw invalidBackup('it is not UTF-8');
  return json.toString();
}

/** @throws BackupError if the store could not hold the document */
export function parseDocument(json: string, check: DocumentCheck | undefined): DocumentJson {
  const document = jsonOf(json);
  const problem = countProblem(document) ?? untrustedDocumentProblem(document, check);
  if (problem !== undefined) throw invalidBackup(problem);
  return document as DocumentJson;
}

/** Checked before the schema: validating a million entries would take the memory of ten documents. */
function countProblem(document: unknown): string | undefined {
  const parts = (document ?? {}) as Readonly<Record<string, unknown>>;
  const countOf = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + Object.keys(parts[name] ?? {}).length, 0);
  if (countOf(recordKinds) > RECORDS_MAX) return `an integration has more than ${RECORDS_MAX} records`;
  if (countOf(['state']) > STATE_KEYS_MAX) return `a state has more than ${STATE_KEYS_MAX} keys`;
  for (const kind of unversionedKinds) {
    if (countOf([kind]) > RECORDS_MAX) return `an integration has more than ${RECORDS_MAX} ${kind}`;
  }
  return countOf(['revisions']) > REVISIONS_MAX ? `a document has more than ${REVISIONS_MAX} revisions` : undefined;
}
/** One each for the integration and the state as a whole, and one per record and state key. */
const REVISIONS_MAX = 2 + RECORDS_MAX + STATE_KEYS_MAX;

function jsonOf(json: string): unknown {
  try {
    return migrateDocument(JSON.parse(json));
  } catch {
    throw invalidBackup('it contains a line that is not JSON');
  }
}

function assertOnce(seen: Set<string>, id: string): void {
  if (seen.has(id)) throw invalidBackup(`it contains ${id} twice`);
  seen.add(id);
  if (seen.size > MAX_IDS) throw invalidBackup(`it holds more than ${MAX_IDS} records`);
}

async function assertIdsUnused(store: Store, document: Document, seen: Set<string>): Promise<void> {
  const { _id } = document.integration.head;
  const slice = new TimeSlice();
  for (const id of [_id, ...recordIdsOf(document)]) {
    assertOnce(seen, id);
    if (slice.isOver) await slice.next();
    const owner = await store.ownerOf(id);
    if (owner !== undefined && owner !== _id) {
      throw new BackupError('already_there', `${id} of ${_id} is already a record of ${owner}: nothing was restored.`);
    }
  }
}

/** Compares content; revisions do not count. */
function isSame(a: Document, b: Document): boolean {
  const areSame = (one?: Part<unknown>, other?: Part<unknown>): boolean =>
    one === other || (one !== undefined && other !== undefined && isSamePart(one, other));
  return (
    areSame(a.integration, b.integration) &&
    areSame(a.settings, b.settings) &&
    partKinds.every((kind) => {
      const others: ReadonlyMap<string, Part<unknown>> = b[kind];
      return a[kind].size === others.size && [...a[kind]].every(([key, part]) => areSame(part, others.get(key)));
    })
  );
}

/** Ignores the order of names in small parts. */
function isSamePart(a: Part<unknown>, b: Part<unknown>): boolean {
  return a.text.equals(b.text) || (!a.isLarge && !b.isLarge && isDeepStrictEqual(a.value, b.value));
}

/** Raises all revisions, so that running runs and old entity tags conflict with the restored document. */
function withLaterRevisions(current: Document, restored: Document): Document {
  const later = <Head>(part: Part<Head>, before: Part<unknown> | undefined): Part<Head> =>
    part.withRevision(Math.max(part.revision, before?.revision ?? 0) + 1);
  const records = (kind: RecordKind) =>
    new Map([...restored[kind]].map(([id, part]) => [id, later(part, current[kind].get(id))]));
  const stateWrites = Math.max(current.stateWrites, restored.stateWrites) + 1;
  return {
    ...restored,
    integration: later(restored.integration, current.integration),
    ...perRecordKind(records),
    state: new Map([...restored.state].map(([key, part]) => [key, part.withRevision(stateWrites)])),
    stateWrites,
  };
}

const listOf = (ids: readonly string[]): string =>
  ids.length > LISTED_IDS ? `among them ${ids.slice(0, LISTED_IDS).join(', ')}` : ids.join(', ');
