/**
 * Backups: gzip of JSON lines. The first says what it is, one follows for each document, and the last
 * says how many there are and the digest of all before it, so that one that was cut off is known.
 * Each document is as it was at one moment, while commits go on. Credentials are in it as they are at
 * rest: encrypted, with a key that is not in it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline, Readable, type Writable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import { type DocumentCheck, foreignProblem } from './document-check.ts';
import { migrated } from './migrations.ts';
import { DOCUMENT_BYTES, type Document, recordIdsOf, type Store } from './store.ts';

const FORMAT = 'bulkhead-backup';
const VERSION = 1;
/** Of a document; what follows it in its line is far less. */
const LINE_CHARS = DOCUMENT_BYTES;
const DOCUMENTS = 1_000_000;
/** Ids of integrations and records: they are kept until all are known. */
const IDS = 2_000_000;
/** Ids that are named in a sentence. */
const NAMED = 5;

/** A backup that is none, or is not whole, or that would overwrite what it may not. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: 'invalid_backup' | 'already_there';
  constructor(code: BackupError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Restored {
  /** Integrations that were not there. */
  readonly restored: number;
  /** Those that were there as they are in the backup. */
  readonly unchanged: number;
  readonly overwritten: number;
}

export function backupOf(store: Store, now: Date): Readable {
  const lines = Readable.from(linesOf(store, now));
  return pipeline(lines, createGzip(), () => {
    // The reader sees the error on the stream that it has.
  });
}

async function* linesOf(store: Store, now: Date): AsyncGenerator<string> {
  const digest = createHash('sha256');
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`;
    digest.update(text);
    return text;
  };
  yield line({ format: FORMAT, version: VERSION, createdAt: now.toISOString() });
  let documents = 0;
  for await (const document of store.documents()) {
    yield line(document);
    documents++;
  }
  yield `${JSON.stringify({ documents, sha256: digest.digest('hex') })}\n`;
}

/**
 * Puts the documents of a backup into a store. All of it is checked before anything is written; each
 * document is one commit, and to repeat what was interrupted does the rest.
 *
 * @throws BackupError
 */
export async function restore(
  store: Store,
  file: string,
  { overwrite = false, check }: { readonly overwrite?: boolean; readonly check?: DocumentCheck | undefined } = {},
): Promise<Restored> {
  const different: string[] = [];
  const seen = new Set<string>();
  for await (const document of documentsIn(file, check)) {
    await assertFree(store, document, seen);
    const current = await store.get(document.integration._id);
    if (current && !isSame(current, document)) different.push(document.integration._id);
  }
  if (different.length > 0 && !overwrite) {
    throw new BackupError(
      'already_there',
      `${different.length} integrations are there with other content, ${listed(different)}: nothing was restored.`,
    );
  }
  const done = { restored: 0, unchanged: 0, overwritten: 0 };
  for await (const document of documentsIn(file, check)) {
    const { _id } = document.integration;
    await store.commit(_id, (current) => {
      const isThere = current !== undefined && isSame(current, document);
      if (current && !isThere && !overwrite) {
        throw new BackupError('already_there', `${_id} was made or changed meanwhile: repeat the restore.`);
      }
      done[isThere ? 'unchanged' : current ? 'overwritten' : 'restored']++;
      if (isThere) return current;
      return current ? { ...document, revisions: revisionsAfter(current, document) } : document;
    });
  }
  return done;
}

/** The documents of a backup. What is wrong with it is thrown at the latest after the last. */
async function* documentsIn(file: string, check: DocumentCheck | undefined): AsyncGenerator<Document> {
  const digest = createHash('sha256');
  let before: string | undefined;
  let count = -1;
  for await (const line of linesIn(file)) {
    if (before !== undefined) {
      digest.update(`${before}\n`);
      if (count < 0) assertHead(parsed(before));
      else yield documentOf(before, count, check);
      if (++count > DOCUMENTS) throw invalid(`it holds more than ${DOCUMENTS} documents`);
    }
    before = line;
  }
  const end = parsed(before ?? '') as { documents?: unknown; sha256?: unknown } | null;
  if (count < 0 || end?.documents !== count || end.sha256 !== digest.digest('hex')) throw invalid('it is not whole');
}

async function* linesIn(file: string): AsyncGenerator<string> {
  const text = pipeline(createReadStream(file), createGunzip(), () => {});
  // Of a line that has not ended yet: pieces, since a long one must not be searched again for each of them.
  let pieces: string[] = [];
  let chars = 0;
  try {
    for await (const piece of (text as Writable & Readable).setEncoding('utf8')) {
      const [first = '', ...lines] = (piece as string).split('\n');
      pieces.push(first);
      chars += first.length;
      if (chars > LINE_CHARS) throw invalid(`a line is longer than ${LINE_CHARS} characters`);
      const last = lines.pop();
      if (last === undefined) continue;
      yield pieces.join('');
      yield* lines;
      pieces = [last];
      chars = last.length;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE') throw invalid('it is not gzip', error);
    throw error;
  }
  if (chars > 0) throw invalid('it is not whole');
}

function assertHead(head: unknown): void {
  const { format, version } = (head ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) throw invalid('it is none of this product');
  if (version !== VERSION) throw invalid(`it is of version ${String(version)}, and ${VERSION} is known`);
}

function documentOf(line: string, index: number, check: DocumentCheck | undefined): Document {
  const document = migrated(parsed(line));
  const problem = foreignProblem(document, check);
  if (problem !== undefined) throw invalid(`document ${index + 1}: ${problem}`);
  return document as Document;
}

async function assertFree(store: Store, document: Document, seen: Set<string>): Promise<void> {
  const { _id } = document.integration;
  for (const id of [_id, ...recordIdsOf(document)]) {
    if (seen.has(id)) throw invalid(`${id} is in it twice`);
    seen.add(id);
    if (seen.size > IDS) throw invalid(`it holds more than ${IDS} records`);
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

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw invalid('it is not whole');
  }
}

const listed = (ids: readonly string[]): string =>
  ids.length > NAMED ? `among them ${ids.slice(0, NAMED).join(', ')}` : ids.join(', ');

const invalid = (why: string, cause?: unknown): BackupError =>
  new BackupError('invalid_backup', `The backup cannot be used: ${why}. Nothing was restored.`, { cause });
