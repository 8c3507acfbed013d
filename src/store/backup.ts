/**
 * Backups: what is saved, and how it is put back. Each document is as it was at one moment, while commits go
 * on. Credentials are in it as they are at rest: encrypted, with a key that is not in it.
 */
import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../json.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { BackupError, backupFile, invalidBackup, readBackup } from './backup-file.ts';
import { type Document, documentFrom, partKinds, recordIdsOf } from './document.ts';
import { type DocumentCheck, untrustedDocumentProblem } from './document-check.ts';
import { migrateDocument } from './migrations.ts';
import type { Part } from './part.ts';
import type { Store } from './store.ts';
import {
  DOCUMENT_BYTES,
  type DocumentJson,
  RECORDS_MAX,
  type RecordKind,
  recordKinds,
  STATE_KEYS_MAX,
} from './stored.ts';

/** Ids of integrations and records: they are kept until all are known. */
const MAX_IDS = 2_000_000;
/** Of a backup that is not read a second time: its documents, all together, and how many they are. */
const CACHED_BYTES = DOCUMENT_BYTES;
const CACHED_DOCUMENTS = 1_000;
/** Ids that are named in a sentence. */
const LISTED_IDS = 5;

/** What each connector may reach: saved beside the documents, and another room's to read. */
export interface PermissionBackup {
  all(): Iterable<JsonObject>;
  /** What is wrong with one that was read, if anything is. */
  problemOf(granted: unknown): string | undefined;
  /** How one that nothing is wrong with compares to what is there for its connector. */
  compare(granted: unknown): { readonly id: string; readonly to: 'none' | 'same' | 'other' };
  /** Puts it in the place of what is there. */
  put(granted: unknown): Promise<void>;
}

export interface RestoreResult {
  /** Integrations that were not there. */
  readonly restored: number;
  /** Those that were there as they are in the backup. */
  readonly unchanged: number;
  readonly overwritten: number;
  /** Connectors whose permissions were put back. */
  readonly acceptances: number;
}

export interface RestoreOptions {
  /** Replaces what is there with other content. */
  readonly overwrite?: boolean;
  readonly check?: DocumentCheck | undefined;
  /** Reads a document's JSON, elsewhere for one; by default here and now. @throws BackupError */
  readonly read?: (json: Buffer) => Promise<Document>;
  /** Makes what is stored of a document that nothing is wrong with. */
  readonly prepare?: ((document: Document, current: Document | undefined) => Promise<Document>) | undefined;
  /** Without it, what connectors may reach stays in the file. */
  readonly permissions?: PermissionBackup;
}

export const backupOf = (store: Store, now: Date, permissions?: PermissionBackup): Readable =>
  backupFile(permissions?.all() ?? [], store.documents(), now);

/**
 * Puts back what a backup holds. All of it is checked before anything is written; each document is one
 * commit, and to repeat what was interrupted does the rest.
 *
 * @throws BackupError
 */
export async function restore(store: Store, file: string, options: RestoreOptions = {}): Promise<RestoreResult> {
  const { overwrite = false, permissions } = options;
  const checked = await assertRestorable(store, file, options);
  const done = { restored: 0, unchanged: 0, overwritten: 0, acceptances: 0 };
  for await (const entry of checked ?? readEntries(file, options)) {
    if ('permissions' in entry) {
      const compared = permissions?.compare(entry.permissions);
      if (!compared || compared.to === 'same') continue;
      if (compared.to === 'other' && !overwrite) throw changedMeanwhile(compared.id);
      await permissions?.put(entry.permissions);
      done.acceptances++;
      continue;
    }
    const { document } = await prepareEntry(store, entry.document, options);
    const { _id } = document.integration.head;
    await store.commit(_id, (current) => {
      const isUnchanged = current !== undefined && isSame(current, document);
      if (current && !isUnchanged && !overwrite) throw changedMeanwhile(_id);
      done[isUnchanged ? 'unchanged' : current ? 'overwritten' : 'restored']++;
      if (isUnchanged) return current;
      return current ? withLaterRevisions(current, document) : document;
    });
  }
  return done;
}

type ReadEntry = { readonly permissions: unknown } | { readonly document: Document; readonly bytes: number };

async function* readEntries(file: string, { read, check }: RestoreOptions): AsyncGenerator<ReadEntry> {
  const readHere = (json: Buffer): Document => documentFrom(parseDocument(decodeUtf8(json), check));
  for await (const entry of readBackup(file)) {
    if ('permissions' in entry) yield entry;
    else yield { bytes: entry.document.length, document: await (read ?? readHere)(entry.document) };
  }
}

/** @returns what is in the backup, unless that is much: then it has to be read again */
async function assertRestorable(
  store: Store,
  file: string,
  options: RestoreOptions,
): Promise<readonly ReadEntry[] | undefined> {
  const { overwrite = false, permissions } = options;
  let cached: ReadEntry[] | undefined = [];
  let bytes = 0;
  const different = { integrations: [] as string[], connectors: [] as string[] };
  const seen = new Set<string>();
  for await (const entry of readEntries(file, options)) {
    bytes += 'bytes' in entry ? entry.bytes : 0;
    cached?.push(entry);
    if (bytes > CACHED_BYTES || (cached && cached.length > CACHED_DOCUMENTS)) cached = undefined;
    if ('permissions' in entry) {
      if (!permissions) continue;
      const problem = permissions.problemOf(entry.permissions);
      if (problem !== undefined) throw invalidBackup(`what a connector may reach: ${problem}`);
      const { id, to } = permissions.compare(entry.permissions);
      assertOnce(seen, `connector ${id}`);
      if (to === 'other') different.connectors.push(id);
      continue;
    }
    const { document, current } = await prepareEntry(store, entry.document, options);
    await assertIdsUnused(store, document, seen);
    const { _id } = document.integration.head;
    if (current && !isSame(current, document)) different.integrations.push(_id);
  }
  const { integrations, connectors } = different;
  if (overwrite || integrations.length + connectors.length === 0) return cached;
  const reasons = [
    ...(integrations.length > 0
      ? [`${integrations.length} integrations are there with other content, ${listOf(integrations)}`]
      : []),
    ...(connectors.length > 0
      ? [`of ${connectors.length} connectors other permissions were accepted here, ${listOf(connectors)}`]
      : []),
  ];
  throw new BackupError('already_there', `${reasons.join('; ')}: nothing was restored.`);
}

const changedMeanwhile = (id: string): BackupError =>
  new BackupError('already_there', `${id} was made or changed meanwhile: repeat the restore.`);

/** As it is to be stored, and as it is there. */
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

/** @throws BackupError if it is not a document that can be stored */
export function parseDocument(json: string, check: DocumentCheck | undefined): DocumentJson {
  const document = jsonOf(json);
  const problem = countProblem(document) ?? untrustedDocumentProblem(document, check);
  if (problem !== undefined) throw invalidBackup(problem);
  return document as DocumentJson;
}

/** Looked at first: to check a million entries takes the memory of ten documents. */
function countProblem(document: unknown): string | undefined {
  const parts = (document ?? {}) as Readonly<Record<string, unknown>>;
  const countOf = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + Object.keys(parts[name] ?? {}).length, 0);
  if (countOf(recordKinds) > RECORDS_MAX) return `an integration groups more than ${RECORDS_MAX} records`;
  if (countOf(['state']) > STATE_KEYS_MAX) return `a state has more than ${STATE_KEYS_MAX} keys`;
  return countOf(['revisions']) > REVISIONS_MAX ? `a document has more than ${REVISIONS_MAX} revisions` : undefined;
}
/** Of the integration, of each record, of the state and of each of its keys. */
const REVISIONS_MAX = 2 + RECORDS_MAX + STATE_KEYS_MAX;

function jsonOf(json: string): unknown {
  try {
    return migrateDocument(JSON.parse(json));
  } catch {
    throw invalidBackup('it is not whole');
  }
}

function assertOnce(seen: Set<string>, id: string): void {
  if (seen.has(id)) throw invalidBackup(`${id} is in it twice`);
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
      throw new BackupError('already_there', `${id} of ${_id} is a record of ${owner}: nothing was restored.`);
    }
  }
}

/** How often something was written is not part of what it is. */
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

/** Of a small one the order of names does not count. */
function isSamePart(a: Part<unknown>, b: Part<unknown>): boolean {
  return a.text.equals(b.text) || (!a.isLarge && !b.isLarge && isDeepStrictEqual(a.value, b.value));
}

/** Runs and entity tags that know the document before must not take the restored one for it. */
function withLaterRevisions(current: Document, restored: Document): Document {
  const later = <Head>(part: Part<Head>, before: Part<unknown> | undefined): Part<Head> =>
    part.withRevision(Math.max(part.revision, before?.revision ?? 0) + 1);
  const records = (kind: RecordKind) =>
    new Map([...restored[kind]].map(([id, part]) => [id, later(part, current[kind].get(id))]));
  const stateWrites = Math.max(current.stateWrites, restored.stateWrites) + 1;
  return {
    ...restored,
    integration: later(restored.integration, current.integration),
    connections: records('connections'),
    exports: records('exports'),
    imports: records('imports'),
    flows: records('flows'),
    state: new Map([...restored.state].map(([key, part]) => [key, part.withRevision(stateWrites)])),
    stateWrites,
  };
}

const listOf = (ids: readonly string[]): string =>
  ids.length > LISTED_IDS ? `among them ${ids.slice(0, LISTED_IDS).join(', ')}` : ids.join(', ');
