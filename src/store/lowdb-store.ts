/**
 * The store on disk: a lowdb file per integration. A commit is durable once it is in the log. Soon after, a
 * checkpoint writes the files and removes the log.
 */
import { mkdir } from 'node:fs/promises';
import { Low } from 'lowdb';
import { TimeSlice } from '../work/time-slice.ts';
import type { Author } from './audit.ts';
import { CheckpointTimer } from './checkpoint-timer.ts';
import type { NewEntry } from './commit-log.ts';
import { documentPath, integrationsFolder } from './data-folder.ts';
import { bytesOf, type Content, contentOf, type Document, inChunks, recordIdsOf, textOf } from './document.ts';
import { changeText } from './document-change.ts';
import { changeProblem } from './document-check.ts';
import { DocumentFile } from './document-file.ts';
import { DocumentTable } from './document-table.ts';
import { asStoreError, codeOf, syncFolder } from './files.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { type StoreListener, StoreListeners } from './listeners.ts';
import { LocalLocks } from './local-locks.ts';
import { LogRotation } from './log-rotation.ts';
import { oldestRecords, recordsOf } from './oldest-records.ts';
import type { Part } from './part.ts';
import { type RecoveryOptions, recover } from './recovery.ts';
import {
  type Change,
  DOCUMENT_BYTES,
  type RecordKind,
  type RecordQuery,
  type SortKey,
  type Store,
  StoreError,
  type StoreProblem,
  sortKeyOf,
  tooLarge,
  tooManyRecords,
} from './store.ts';
import { RECORDS_MAX } from './stored.ts';

/** Document files written at a time; few, so that log writes do not wait. */
const CONCURRENT_WRITES = 2;

/** Beyond either limit a checkpoint starts at once, to bound what a start has to replay. */
const LOG_BYTES = 16 * 1024 * 1024;
const DIRTY_DOCUMENTS = 1_000;
/** All logs together. While checkpoints fail, commits beyond this are refused. */
const LOG_BYTES_MAX = 256 * 1024 * 1024;
const RETRY_MS = 1_000;

/** Opens a data folder and holds its lock until `close`. Damaged files are quarantined; the rest loads. */
export async function openLowdbStore(folder: string, options: RecoveryOptions = {}): Promise<Store> {
  await mkdir(integrationsFolder(folder), { recursive: true, mode: 0o700 });
  const lock = lockFolder(folder);
  try {
    const store = new LowdbStore(folder, lock, options);
    await store.load();
    return store;
  } catch (error) {
    lock.release();
    throw error;
  }
}

class LowdbStore implements Store {
  readonly #dataFolder: string;
  readonly #lock: FolderLock;
  readonly #options: RecoveryOptions;
  readonly #table = new DocumentTable();
  readonly #listeners = new StoreListeners();
  readonly #locks = new LocalLocks();
  readonly #recoveryProblems: StoreProblem[] = [];
  /** Integration ids whose file must not be overwritten, because it is unreadable or of a newer format. */
  readonly #unusable = new Set<string>();
  /** The commits of each integration run in sequence. */
  readonly #queue = new KeyedQueue();

  readonly #logs: LogRotation;
  /** Ids of documents that are newer in a log than in their file. */
  readonly #dirty = new Set<string>();
  /** A dirty document is large, so that its file is expensive to write. */
  #isDirtyLarge = false;
  readonly #timer = new CheckpointTimer(
    () => this.#startCheckpoint(),
    () => this.#isDirtyLarge,
  );
  #checkpoint: Promise<void> | undefined;
  /** Why the last checkpoint failed, if it did. */
  #checkpointError: unknown;
  #closed = false;

  constructor(folder: string, lock: FolderLock, options: RecoveryOptions) {
    this.#dataFolder = folder;
    this.#lock = lock;
    this.#options = options;
    this.#logs = new LogRotation(folder);
  }

  get problems(): readonly StoreProblem[] {
    if (this.#checkpointError === undefined) return this.#recoveryProblems;
    const message = `Documents could not be written to their files (${codeOf(this.#checkpointError)}); they are safe in the log.`;
    return [...this.#recoveryProblems, { name: 'integrations', message }];
  }

  async get(integrationId: string): Promise<Document | undefined> {
    return this.#table.get(integrationId);
  }

  async *documents(after?: SortKey): AsyncGenerator<Document> {
    let cursor = after;
    const slice = new TimeSlice();
    for (;;) {
      const document = this.#table.after(cursor);
      if (!document) return;
      cursor = sortKeyOf(document.integration.head);
      yield document;
      if (slice.isOver) await slice.next();
    }
  }

  async *records(kind: RecordKind, query: RecordQuery): AsyncGenerator<Part> {
    yield* await oldestRecords(recordsOf(this.documents(), kind), query);
  }

  async ownerOf(id: string): Promise<string | undefined> {
    return this.#table.ownerOf(id);
  }

  commit(integrationId: string, change: Change, author?: Author): Promise<Document | undefined> {
    return this.#queue.run(integrationId, () => this.#commit(integrationId, change, author));
  }

  async lock(integrationId: string): Promise<(() => Promise<void>) | undefined> {
    return this.#locks.lock(integrationId);
  }

  isLocked(integrationId: string): boolean {
    return this.#locks.isLocked(integrationId);
  }

  subscribe(listener: StoreListener): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue.idle();
    this.#timer.stop();
    await this.#checkpoint;
    await this.#writeBack();
    await this.#logs.close(this.#dirty.size === 0);
    this.#lock.release();
  }

  // --- commits --------------------------------------------------------------------------------------

  async #commit(integrationId: string, change: Change, author: Author | undefined): Promise<Document | undefined> {
    if (this.#closed) throw new StoreError('store_unavailable', 'The store is closed.');
    const current = this.#table.get(integrationId);
    const next = change(current);
    if (next === current) return current;
    if (this.#unusable.has(integrationId)) {
      throw new StoreError('store_unavailable', `The file of ${integrationId} cannot be used; see /readyz.`);
    }
    const content = next && this.#contentOf(integrationId, current, next);
    const pieces = this.#entryText(integrationId, current, next, content);
    // A small document's entry reaches the log in the same turn, and so shares its write.
    const text = pieces instanceof Promise ? await pieces : pieces;
    await this.#append({ integrationId, text });
    if (next && content) this.#table.set(integrationId, next, content);
    else this.#table.delete(integrationId);
    this.#listeners.emit({ integrationId, before: current, after: next, author });
    return this.#table.get(integrationId);
  }

  #contentOf(integrationId: string, before: Document | undefined, next: Document): Content {
    // The next start must accept what we write. A failure here is our bug, caught before it does harm.
    const problem = changeProblem(before, next, this.#options.check, integrationId);
    if (problem) throw new Error(`document ${integrationId} does not fit its schema: ${problem}`);
    if (recordCountOf(next) > Math.max(RECORDS_MAX, recordCountOf(before))) throw tooManyRecords(integrationId);
    const content = contentOf(next, this.#table.isLarge(integrationId));
    const bytes = Buffer.isBuffer(content) ? content.length : bytesOf(content);
    if (bytes > Math.max(DOCUMENT_BYTES, this.#table.bytesOf(integrationId))) throw tooLarge(integrationId);
    return content;
  }

  /** A large document that stays large logs only its changes. */
  #entryText(
    id: string,
    before: Document | undefined,
    next: Document | undefined,
    content: Content | undefined,
  ): Buffer[] | Promise<Buffer[]> {
    if (!next || !content) return [];
    if (Buffer.isBuffer(content)) return [content];
    return collectInSlices(inChunks(before && this.#table.isLarge(id) ? changeText(before, content) : textOf(content)));
  }

  async #append(entry: NewEntry): Promise<void> {
    if (this.#checkpointError !== undefined && this.#logs.bytes > LOG_BYTES_MAX) {
      throw asStoreError(this.#checkpointError);
    }
    await new Low(this.#logs, entry).write();
    this.#dirty.add(entry.integrationId);
    this.#isDirtyLarge ||= this.#table.isLarge(entry.integrationId);
    this.#timer.committed();
    if (this.#logs.currentBytes > LOG_BYTES || this.#dirty.size > DIRTY_DOCUMENTS) this.#startCheckpoint();
    else this.#timer.schedule();
  }

  // --- checkpoints ----------------------------------------------------------------------------------

  #startCheckpoint(): void {
    if (this.#checkpoint || this.#closed) return;
    this.#timer.stop();
    this.#checkpoint = this.#writeBack().finally(() => {
      this.#checkpoint = undefined;
      if (this.#closed || this.#dirty.size === 0) return;
      this.#timer.schedule(this.#checkpointError === undefined ? undefined : RETRY_MS);
    });
  }

  /** Never rejects: a document that cannot be written stays in the log. */
  async #writeBack(): Promise<void> {
    try {
      await this.#logs.rotate();
      const ids = [...this.#dirty];
      this.#dirty.clear();
      this.#isDirtyLarge = false;
      const failed = new Map<string, unknown>();
      const work = ids.values();
      const writeNext = async (): Promise<void> => {
        for (const id of work) await this.#writeFile(id).catch((error) => failed.set(id, error));
      };
      await Promise.all(Array.from({ length: CONCURRENT_WRITES }, writeNext));
      for (const id of failed.keys()) this.#dirty.add(id);
      await syncFolder(integrationsFolder(this.#dataFolder)).catch((error) => {
        for (const id of ids) this.#dirty.add(id);
        throw error;
      });
      // Copy documents that could not be written to the current log, so that the old logs can go.
      for (const id of failed.keys()) await this.#queue.run(id, () => this.#logAgain(id));
      await this.#logs.removeOld();
      this.#checkpointError = failed.size > 0 ? [...failed.values()][0] : undefined;
    } catch (error) {
      this.#checkpointError = error;
    }
  }

  async #writeFile(id: string): Promise<void> {
    const file = new DocumentFile(documentPath(this.#dataFolder, id));
    if (this.#table.ownerOf(id) === id) await new Low<unknown>(file, this.#table.textOf(id)).write();
    else await file.remove();
  }

  async #logAgain(integrationId: string): Promise<void> {
    const entry = { integrationId, text: [...inChunks(this.#table.textOf(integrationId))] };
    await new Low<NewEntry>(this.#logs, entry).write();
  }

  async load(): Promise<void> {
    const recovered = await recover(this.#dataFolder, this.#table, this.#options);
    this.#recoveryProblems.push(...recovered.problems);
    for (const id of recovered.unusable) this.#unusable.add(id);
    for (const id of recovered.dirty) this.#dirty.add(id);
    this.#logs.adopt(recovered);
    if (this.#logs.hasOld || this.#dirty.size > 0) await this.#writeBack();
    if (this.#dirty.size > 0) this.#timer.schedule(RETRY_MS);
  }
}

async function collectInSlices(chunks: Iterable<Buffer>): Promise<Buffer[]> {
  const slice = new TimeSlice();
  const all: Buffer[] = [];
  for (const chunk of chunks) {
    all.push(chunk);
    if (slice.isOver) await slice.next();
  }
  return all;
}

const recordCountOf = (document: Document | undefined): number => recordIdsOf(document).length;
