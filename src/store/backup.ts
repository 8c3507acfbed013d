/**
 * Backups: what is saved, and how it is put back. Each document is as it was at one moment, while commits go
 * on. Credentials are in it as they are at rest: encrypted, with a key that is not in it.
 */
import type { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../json.ts';
import { BackupError, backupFile, entriesIn, invalid } from './backup-file.ts';
import { type DocumentCheck, foreignProblem } from './document-check.ts';
import { migrated } from './migrations.ts';
import { type Document, recordIdsOf, type Store } from './store.ts';

/** Ids of integrations and records: they are kept until all are known. */
const IDS = 2_000_000;
/** Ids that are named in a sentence. */
const NAMED = 5;

/** What each connector may reach: saved beside the documents, and another room's to read. */
export interface BackedAcceptances {
  all(): Iterable<JsonObject>;
  /** What is wrong with one that was read, if anything is. */
  problemOf(acceptance: unknown): string | undefined;
  /** How one that nothing is wrong with compares to what is there for its connector. */
  compare(acceptance: unknown): { readonly id: string; readonly to: 'none' | 'same' | 'other' };
  /** Puts it in the place of what is there. */
  put(acceptance: unknown): Promise<void>;
}

export interface Restored {
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
  /** Makes what is stored of a document that nothing is wrong with. */
  readonly prepare?: ((document: Document, current: Document | undefined) => Promise<Document>) | undefined;
  /** Without it, what connectors may reach stays in the file. */
  readonly acceptances?: BackedAcceptances;
}

export const backupOf = (store: Store, now: Date, acceptances?: BackedAcceptances): Readable =>
  backupFile(acceptances?.all() ?? [], store.documents(), now);

/**
 * Puts back what a backup holds. All of it is checked before anything is written; each document is one
 * commit, and to repeat what was interrupted does the rest.
 *
 * @throws BackupError
 */
export async function restore(store: Store, file: string, options: RestoreOptions = {}): Promise<Restored> {
  const { overwrite = false, acceptances } = options;
  await assertRestorable(store, file, options);
  const done = { restored: 0, unchanged: 0, overwritten: 0, acceptances: 0 };
  for await (const entry of entriesIn(file)) {
    if ('acceptance' in entry) {
      const compared = acceptances?.compare(entry.acceptance);
      if (!compared || compared.to === 'same') continue;
      if (compared.to === 'other' && !overwrite) throw meanwhile(compared.id);
      await acceptances?.put(entry.acceptance);
      done.acceptances++;
      continue;
    }
    const { document } = await documentOf(store, entry.document, options);
    const { _id } = document.integration;
    await store.commit(_id, (current) => {
      const isThere = current !== undefined && isSame(current, document);
      if (current && !isThere && !overwrite) throw meanwhile(_id);
      done[isThere ? 'unchanged' : current ? 'overwritten' : 'restored']++;
      if (isThere) return current;
      return current ? { ...document, revisions: revisionsAfter(current, document) } : document;
    });
  }
  return done;
}

async function assertRestorable(store: Store, file: string, options: RestoreOptions): Promise<void> {
  const { overwrite = false, acceptances } = options;
  const different = { integrations: [] as string[], connectors: [] as string[] };
  const seen = new Set<string>();
  for await (const entry of entriesIn(file)) {
    if ('acceptance' in entry) {
      if (!acceptances) continue;
      const problem = acceptances.problemOf(entry.acceptance);
      if (problem !== undefined) throw invalid(`what a connector may reach: ${problem}`);
      const { id, to } = acceptances.compare(entry.acceptance);
      assertOnce(seen, `connector ${id}`);
      if (to === 'other') different.connectors.push(id);
      continue;
    }
    const { document, current } = await documentOf(store, entry.document, options);
    await assertFree(store, document, seen);
    if (current && !isSame(current, document)) different.integrations.push(document.integration._id);
  }
  const { integrations, connectors } = different;
  if (overwrite || integrations.length + connectors.length === 0) return;
  const reasons = [
    ...(integrations.length > 0
      ? [`${integrations.length} integrations are there with other content, ${listed(integrations)}`]
      : []),
    ...(connectors.length > 0
      ? [`of ${connectors.length} connectors other permissions were accepted here, ${listed(connectors)}`]
      : []),
  ];
  throw new BackupError('already_there', `${reasons.join('; ')}: nothing was restored.`);
}

const meanwhile = (id: string): BackupError =>
  new BackupError('already_there', `${id} was made or changed meanwhile: repeat the restore.`);

/** As it is to be stored, and as it is there. */
async function documentOf(
  store: Store,
  value: unknown,
  { check, prepare = async (document) => document }: RestoreOptions,
): Promise<{ readonly document: Document; readonly current: Document | undefined }> {
  const document = migrated(value) as Document;
  const problem = foreignProblem(document, check);
  if (problem !== undefined) throw invalid(problem);
  const current = await store.get(document.integration._id);
  return { document: await prepare(document, current), current };
}

function assertOnce(seen: Set<string>, id: string): void {
  if (seen.has(id)) throw invalid(`${id} is in it twice`);
  seen.add(id);
  if (seen.size > IDS) throw invalid(`it holds more than ${IDS} records`);
}

async function assertFree(store: Store, document: Document, seen: Set<string>): Promise<void> {
  const { _id } = document.integration;
  for (const id of [_id, ...recordIdsOf(document)]) {
    assertOnce(seen, id);
    const owner = await store.ownerOf(id);
    if (owner !== undefined && owner !== _id) {
      throw new BackupError('already_there', `${id} of ${_id} is a record of ${owner}: nothing was restored.`);
    }
  }
}

/** How often something was written is not part of what it is. */
const isSame = ({ revisions: _a, ...a }: Document, { revisions: _b, ...b }: Document): boolean =>
  isDeepStrictEqual(a, b);

/** Runs and entity tags that know the documents before must not take the restored ones for them. */
function revisionsAfter(current: Document, restored: Document): Record<string, number> {
  const names = new Set([...Object.keys(current.revisions), ...Object.keys(restored.revisions)]);
  const next = (name: string): number => Math.max(current.revisions[name] ?? 0, restored.revisions[name] ?? 0) + 1;
  return Object.fromEntries([...names].map((name) => [name, next(name)]));
}

const listed = (ids: readonly string[]): string =>
  ids.length > NAMED ? `among them ${ids.slice(0, NAMED).join(', ')}` : ids.join(', ');
