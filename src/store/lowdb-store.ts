/**
 * The store on disk: a lowdb database per integration, each a file of its own. A commit is durable
 * when it stands in the log; soon after, the files are written and the log goes (a checkpoint).
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { Low } from 'lowdb';
import { TimeSlice } from '../work/time-slice.ts';
import { CheckpointTimer } from './checkpoint-timer.ts';
import { CommitLog, type NewEntry } from './commit-log.ts';
import { documentPath, integrationsFolder, logPath, quarantinePath } from './data-folder.ts';
import { bytesOf, type Content, contentOf, type Document, inChunks, recordIdsOf, textOf } from './document.ts';
import { changeText } from './document-change.ts';
import { changeProblem } from './document-check.ts';
import { DocumentFile } from './document-file.ts';
import { DocumentTable } from './document-table.ts';
import { asStoreError, codeOf, syncFolder } from './files.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { type StoreListener, StoreListeners } from './listeners.ts';
import { type OldLog, type RecoveryOptions, recover } from './recovery.ts';
import {
  type Change,
  DOCUMENT_BYTES,
  type SortKey,
  type Store,
  StoreError,
  type StoreProblem,
  sortKeyOf,
  tooLarge,
  tooManyRecords,
} from './store.ts';
import { RECORDS_MAX } from './stored.ts';

/** The log's writes go first: files are written two at a time. */
const CONCURRENT_WRITES = 2;

/** A checkpoint comes at once when a start would have this much to read again. */
const LOG_BYTES = 16 * 1024 * 1024;
const DIRTY_DOCUMENTS = 1_000;
/** Of all logs, as long as no checkpoint succeeds: commits are refused beyond. */
const LOG_BYTES_MAX = 256 * 1024 * 1024;
/** So many wait for their documents to be written; then the present one goes on. */
const OLD_LOGS = 16;
const RETRY_MS = 1_000;

/** Opens, and holds the lock on, a data folder. A damaged file is set aside and harms nothing else. */
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
  readonly #recoveryProblems: StoreProblem[] = [];
  /** Ids of files that were left where they are. */
  readonly #unusable = new Set<string>();
  /** The last commit of each integration that has one going. */
  readonly #queues = new Map<string, Promise<unknown>>();

  #log: CommitLog | undefined;
  #opening: Promise<CommitLog> | undefined;
  /** Logs whose documents are not all in their files, oldest first. */
  readonly #oldLogs: OldLog[] = [];
  /** Those of them that hold something that could not be taken: set aside afterwards. */
  readonly #spoiltLogs = new Set<string>();
  #lastLog = 0;
  /** Ids of documents that are in a log and not in their files. */
  readonly #dirty = new Set<string>();
  /** One of them is large: to write its file costs more than a few commits. */
  #isDirtyLarge = false;
  readonly #timer = new CheckpointTimer(
    () => this.#startCheckpoint(),
    () => this.#isDirtyLarge,
  );
  #checkpoint: Promise<void> | undefined;
  /** Why the last checkpoint did not succeed. */
  #checkpointError: unknown;
  #closed = false;

  constructor(folder: string, lock: FolderLock, options: RecoveryOptions) {
    this.#dataFolder = folder;
    this.#lock = lock;
    this.#options = options;
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
    let place = after;
    const slice = new TimeSlice();
    for (;;) {
      const document = this.#table.after(place);
      if (!document) return;
      place = sortKeyOf(document.integration.head);
      yield document;
      if (slice.isOver) await slice.next();
    }
  }

  async ownerOf(id: string): Promise<string | undefined> {
    return this.#table.ownerOf(id);
  }

  commit(integrationId: string, change: Change): Promise<Document | undefined> {
    return this.#enqueue(integrationId, () => this.#commit(integrationId, change));
  }

  follow(listener: StoreListener): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#queues.values());
    this.#timer.stop();
    await this.#checkpoint;
    await this.#writeBack();
    await this.#log?.close();
    if (this.#dirty.size === 0 && this.#log) await rm(this.#log.path, { force: true });
    this.#lock.release();
  }

  #enqueue<T>(integrationId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(integrationId);
    const mine = before ? before.then(work, work) : work();
    this.#queues.set(integrationId, mine);
    const clear = (): void => {
      if (this.#queues.get(integrationId) === mine) this.#queues.delete(integrationId);
    };
    mine.then(clear, clear);
    return mine;
  }

  // --- commits --------------------------------------------------------------------------------------

  async #commit(integrationId: string, change: Change): Promise<Document | undefined> {
    if (this.#closed) throw new StoreError('store_unavailable', 'The store is closed.');
    const current = this.#table.get(integrationId);
    const next = change(current);
    if (next === current) return current;
    if (this.#unusable.has(integrationId)) {
      throw new StoreError('store_unavailable', `The file of ${integrationId} cannot be used; see /readyz.`);
    }
    const content = next && this.#contentOf(integrationId, current, next);
    const made = this.#entryText(integrationId, current, next, content);
    const text = made instanceof Promise ? await made : made;
    await this.#append({ integrationId, text });
    if (next && content) this.#table.set(integrationId, next, content);
    else this.#table.delete(integrationId);
    this.#listeners.emit({ integrationId, before: current, after: next });
    return this.#table.get(integrationId);
  }

  #contentOf(integrationId: string, before: Document | undefined, next: Document): Content {
    // What is written has to be readable again: a failure here is a bug of ours, found in time.
    const problem = changeProblem(before, next, this.#options.check, integrationId);
    if (problem) throw new Error(`document ${integrationId} does not fit its schema: ${problem}`);
    if (recordCountOf(next) > Math.max(RECORDS_MAX, recordCountOf(before))) throw tooManyRecords(integrationId);
    const content = contentOf(next, this.#table.isLarge(integrationId));
    const bytes = Buffer.isBuffer(content) ? content.length : bytesOf(content);
    if (bytes > Math.max(DOCUMENT_BYTES, this.#table.bytesOf(integrationId))) throw tooLarge(integrationId);
    return content;
  }

  /** A large document that stays one is logged by what has changed in it. */
  #entryText(
    id: string,
    before: Document | undefined,
    next: Document | undefined,
    content: Content | undefined,
  ): Buffer[] | Promise<Buffer[]> {
    if (!next || !content) return [];
    if (Buffer.isBuffer(content)) return [content];
    return inSlices(inChunks(before && this.#table.isLarge(id) ? changeText(before, content) : textOf(content)));
  }

  async #append(entry: NewEntry): Promise<void> {
    if (this.#checkpointError !== undefined && this.#logBytes > LOG_BYTES_MAX) {
      throw asStoreError(this.#checkpointError);
    }
    const log = this.#log ?? (await this.#openLog());
    await log.append(entry);
    this.#dirty.add(entry.integrationId);
    this.#isDirtyLarge ||= this.#table.isLarge(entry.integrationId);
    this.#timer.committed();
    if (log.bytes > LOG_BYTES || this.#dirty.size > DIRTY_DOCUMENTS) this.#startCheckpoint();
    else this.#timer.schedule();
  }

  get #logBytes(): number {
    return this.#oldLogs.reduce((sum, { bytes }) => sum + bytes, this.#log?.bytes ?? 0);
  }

  async #openLog(): Promise<CommitLog> {
    this.#opening ??= CommitLog.create(this.#dataFolder, logPath(this.#dataFolder, ++this.#lastLog))
      .catch((error) => {
        throw asStoreError(error);
      })
      .finally(() => {
        this.#opening = undefined;
      });
    this.#log = await this.#opening;
    return this.#log;
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

  /** Never rejects: what cannot be written stays in the log. */
  async #writeBack(): Promise<void> {
    try {
      await this.#changeLogs();
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
      // One that cannot be written must not hold up what can: it moves to the present log.
      for (const id of failed.keys()) await this.#enqueue(id, () => this.#logAgain(id));
      for (const { path } of [...this.#oldLogs]) {
        if (this.#spoiltLogs.has(path)) await rename(path, quarantinePath(path));
        else await rm(path, { force: true });
        await syncFolder(this.#dataFolder);
        this.#oldLogs.shift();
      }
      this.#checkpointError = failed.size > 0 ? [...failed.values()][0] : undefined;
    } catch (error) {
      this.#checkpointError = error;
    }
  }

  /** The next commits go to a new log; the one before takes no more. */
  async #changeLogs(): Promise<void> {
    const before = this.#log;
    if (!before || before.bytes === 0 || this.#oldLogs.length >= OLD_LOGS) return;
    await this.#openLog();
    this.#oldLogs.push(before);
    await before.close();
  }

  async #writeFile(id: string): Promise<void> {
    const file = new DocumentFile(documentPath(this.#dataFolder, id));
    if (this.#table.ownerOf(id) === id) await new Low<unknown>(file, this.#table.textOf(id)).write();
    else await file.remove();
  }

  async #logAgain(integrationId: string): Promise<void> {
    const log = this.#log ?? (await this.#openLog());
    await log.append({ integrationId, text: [...inChunks(this.#table.textOf(integrationId))] });
  }

  async load(): Promise<void> {
    const found = await recover(this.#dataFolder, this.#table, this.#options);
    this.#recoveryProblems.push(...found.problems);
    for (const id of found.unusable) this.#unusable.add(id);
    for (const id of found.dirty) this.#dirty.add(id);
    for (const path of found.corruptLogs) this.#spoiltLogs.add(path);
    this.#oldLogs.push(...found.logs);
    this.#lastLog = found.lastLog;
    if (this.#oldLogs.length > 0 || this.#dirty.size > 0) await this.#writeBack();
    if (this.#dirty.size > 0) this.#timer.schedule(RETRY_MS);
  }
}

async function inSlices(chunks: Iterable<Buffer>): Promise<Buffer[]> {
  const slice = new TimeSlice();
  const all: Buffer[] = [];
  for (const chunk of chunks) {
    all.push(chunk);
    if (slice.isOver) await slice.next();
  }
  return all;
}

const recordCountOf = (document: Document | undefined): number => recordIdsOf(document).length;
