/**
 * The store on disk: a lowdb database per integration, each a file of its own. A commit is durable
 * when it stands in the log; soon after, the files are written and the log goes (a checkpoint).
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Low } from 'lowdb';
import { CommitLog, type LogEntry, readLog } from './commit-log.ts';
import { type DocumentCheck, documentProblem, foreignProblem } from './document-check.ts';
import { DocumentFile } from './document-file.ts';
import { DocumentTable } from './document-table.ts';
import { asStoreError, codeOf, isTemporary, syncFolder } from './files.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { StoreFollowers, type StoreListener } from './followers.ts';
import { migrated } from './migrations.ts';
import { isObjectId } from './object-id.ts';
import {
  type Change,
  DOCUMENT_BYTES,
  type Document,
  FORMAT,
  type Place,
  placeOf,
  recordIdsOf,
  type Store,
  StoreError,
  type StoreProblem,
  tooLarge,
} from './store.ts';

const SUFFIX = '.json';
const LOG_NAME = /^commits-(\d{1,15})\.log$/;
const READS_AT_ONCE = 32;
/** The log's writes go first: files are written two at a time. */
const WRITES_AT_ONCE = 2;
/** A list gives way to others after this long. */
const TURN_MS = 5;

/** A checkpoint comes when the store has been quiet for a moment, … */
const QUIET_MS = 25;
/** … after this long at the latest, … */
const CHECKPOINT_MS = 2_000;
/** … or when a start would have this much to read again. */
const LOG_BYTES = 16 * 1024 * 1024;
const DIRTY_DOCUMENTS = 1_000;
/** Of all logs, as long as no checkpoint succeeds: commits are refused beyond. */
const LOG_BYTES_MAX = 256 * 1024 * 1024;
/** So many wait for their documents to be written; then the present one goes on. */
const OLD_LOGS = 16;
const RETRY_MS = 1_000;

export interface StoreOptions {
  readonly check?: DocumentCheck;
  /** Sees each document that is taken from the disk at start. */
  readonly onRead?: (document: Document) => void;
}

export const integrationsFolder = (dataFolder: string): string => join(dataFolder, 'integrations');

/** Opens, and holds the lock on, a data folder. A damaged file is set aside and harms nothing else. */
export async function openLowdbStore(folder: string, options: StoreOptions = {}): Promise<Store> {
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
  readonly #folder: string;
  readonly #lock: FolderLock;
  readonly #options: StoreOptions;
  readonly #table = new DocumentTable();
  readonly #followers = new StoreFollowers();
  readonly #foundAtStart: StoreProblem[] = [];
  /** Ids of files that were left where they are. */
  readonly #occupied = new Set<string>();
  /** The last commit of each integration that has one going. */
  readonly #queues = new Map<string, Promise<unknown>>();

  #log: CommitLog | undefined;
  #opening: Promise<CommitLog> | undefined;
  /** Logs whose documents are not all in their files, oldest first. */
  #oldLogs: { readonly path: string; readonly bytes: number }[] = [];
  /** Those of them that hold something that could not be taken: set aside afterwards. */
  readonly #spoiltLogs = new Set<string>();
  #lastLog = 0;
  /** Ids of documents that are in a log and not in their files. */
  #dirty = new Set<string>();
  #dirtySince = 0;
  #committedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #checkpoint: Promise<void> | undefined;
  /** Why the last checkpoint did not succeed. */
  #checkpointError: unknown;
  #closed = false;

  constructor(folder: string, lock: FolderLock, options: StoreOptions) {
    this.#dataFolder = folder;
    this.#folder = integrationsFolder(folder);
    this.#lock = lock;
    this.#options = options;
  }

  get problems(): readonly StoreProblem[] {
    if (this.#checkpointError === undefined) return this.#foundAtStart;
    const message = `Documents could not be written to their files (${codeOf(this.#checkpointError)}); they are safe in the log.`;
    return [...this.#foundAtStart, { name: 'integrations', message }];
  }

  async get(integrationId: string): Promise<Document | undefined> {
    return this.#table.get(integrationId);
  }

  async *documents(after?: Place): AsyncGenerator<Document> {
    let place = after;
    let turnAt = performance.now() + TURN_MS;
    for (;;) {
      const document = this.#table.after(place);
      if (!document) return;
      place = placeOf(document.integration);
      yield document;
      if (performance.now() > turnAt) {
        await turn();
        turnAt = performance.now() + TURN_MS;
      }
    }
  }

  async ownerOf(id: string): Promise<string | undefined> {
    return this.#table.ownerOf(id);
  }

  commit(integrationId: string, change: Change): Promise<Document | undefined> {
    return this.#inOrder(integrationId, () => this.#commit(integrationId, change));
  }

  follow(listener: StoreListener): () => void {
    return this.#followers.add(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#queues.values());
    clearTimeout(this.#timer);
    await this.#checkpoint;
    await this.#writeBack();
    await this.#log?.close();
    if (this.#dirty.size === 0 && this.#log) await rm(this.#log.path, { force: true });
    this.#lock.release();
  }

  #inOrder<T>(integrationId: string, work: () => Promise<T>): Promise<T> {
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
    if (next) this.#assertFits(integrationId, next);
    if (this.#occupied.has(integrationId)) {
      throw new StoreError('store_unavailable', `The file of ${integrationId} cannot be used; see /readyz.`);
    }
    const text = next ? textOf(next) : Buffer.alloc(0);
    const sizeBefore = this.#table.textOf(integrationId)?.length ?? 0;
    if (text.length > Math.max(DOCUMENT_BYTES, sizeBefore)) throw tooLarge(integrationId);
    await this.#append({ integrationId, text });
    if (next) this.#table.set(integrationId, next, text);
    else this.#table.delete(integrationId);
    this.#followers.tell({ integrationId, before: current, after: next });
    return next;
  }

  async #append(entry: LogEntry): Promise<void> {
    if (this.#checkpointError !== undefined && this.#logBytes > LOG_BYTES_MAX) {
      throw asStoreError(this.#checkpointError);
    }
    const log = this.#log ?? (await this.#openLog());
    await log.append(entry);
    this.#dirty.add(entry.integrationId);
    this.#committedAt = performance.now();
    if (log.bytes > LOG_BYTES || this.#dirty.size > DIRTY_DOCUMENTS) this.#startCheckpoint();
    else if (!this.#timer) this.#wait(QUIET_MS);
  }

  get #logBytes(): number {
    return this.#oldLogs.reduce((sum, { bytes }) => sum + bytes, this.#log?.bytes ?? 0);
  }

  async #openLog(): Promise<CommitLog> {
    this.#opening ??= CommitLog.create(this.#dataFolder, join(this.#dataFolder, `commits-${++this.#lastLog}.log`))
      .catch((error) => {
        throw asStoreError(error);
      })
      .finally(() => {
        this.#opening = undefined;
      });
    this.#log = await this.#opening;
    return this.#log;
  }

  /** What is written has to be readable again: a failure here is a bug of ours, found in time. */
  #assertFits(integrationId: string, document: Document): void {
    const problem = documentProblem(document, this.#options.check, integrationId);
    if (problem) throw new Error(`document ${integrationId} does not fit its schema: ${problem}`);
  }

  /** What is wrong with one that was read. */
  #problemOf(integrationId: string, document: unknown): string | undefined {
    return foreignProblem(document, this.#options.check, integrationId);
  }

  // --- checkpoints ----------------------------------------------------------------------------------

  #wait(ms: number): void {
    if (!this.#timer) this.#dirtySince = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const now = performance.now();
      const quietMs = now - this.#committedAt;
      if (quietMs < QUIET_MS && now - this.#dirtySince < CHECKPOINT_MS) return this.#wait(QUIET_MS - quietMs);
      // A checkpoint that is still going on waits for the next moment by itself, unless one is waited for.
      this.#timer = undefined;
      this.#startCheckpoint();
    }, ms);
  }

  #startCheckpoint(): void {
    if (this.#checkpoint || this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#checkpoint = this.#writeBack().finally(() => {
      this.#checkpoint = undefined;
      if (this.#closed || this.#dirty.size === 0) return;
      if (!this.#timer) this.#wait(this.#checkpointError === undefined ? QUIET_MS : RETRY_MS);
    });
  }

  /** Never rejects: what cannot be written stays in the log. */
  async #writeBack(): Promise<void> {
    try {
      await this.#changeLogs();
      const ids = [...this.#dirty];
      this.#dirty.clear();
      const failed = new Map<string, unknown>();
      const work = ids.values();
      const writeNext = async (): Promise<void> => {
        for (const id of work) await this.#writeFile(id).catch((error) => failed.set(id, error));
      };
      await Promise.all(Array.from({ length: WRITES_AT_ONCE }, writeNext));
      for (const id of failed.keys()) this.#dirty.add(id);
      await syncFolder(this.#folder).catch((error) => {
        for (const id of ids) this.#dirty.add(id);
        throw error;
      });
      // One that cannot be written must not hold up what can: it moves to the present log.
      for (const id of failed.keys()) await this.#inOrder(id, () => this.#logAgain(id));
      for (const { path } of [...this.#oldLogs]) {
        if (this.#spoiltLogs.has(path)) await rename(path, asideOf(path));
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
    const file = this.#fileOf(id);
    const document = this.#table.get(id);
    if (document) await new Low<unknown>(file, document).write();
    else await file.remove();
  }

  async #logAgain(integrationId: string): Promise<void> {
    const log = this.#log ?? (await this.#openLog());
    await log.append({ integrationId, text: this.#table.textOf(integrationId) ?? Buffer.alloc(0) });
  }

  #fileOf(integrationId: string): DocumentFile {
    return new DocumentFile(join(this.#folder, integrationId + SUFFIX));
  }

  // --- start ----------------------------------------------------------------------------------------

  async load(): Promise<void> {
    for (const folder of [this.#dataFolder, this.#folder]) {
      for (const name of await readdir(folder)) if (isTemporary(name)) await rm(join(folder, name), { force: true });
    }
    const names = await readdir(this.#folder);
    const ids = names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
    const wanted = ids.filter(isObjectId).sort();
    for (let at = 0; at < wanted.length; at += READS_AT_ONCE) {
      const batch = wanted.slice(at, at + READS_AT_ONCE);
      const found = await Promise.all(batch.map((id) => readOrError(this.#fileOf(id))));
      for (const [index, id] of batch.entries()) await this.#take(id, found[index] as Found);
    }
    await this.#replay();
  }

  async #take(id: string, found: Found): Promise<void> {
    const name = id + SUFFIX;
    if (found.error instanceof SyntaxError) return this.#setAside(name, 'it is not JSON');
    if (found.error !== undefined) {
      return this.#leave(id, `${name} cannot be read (${codeOf(found.error)}); it is left where it is.`);
    }
    if (isNewerFormat(found.data)) {
      return this.#leave(id, `${name} is of a newer format than this version knows; it is left as it is.`);
    }
    const document = migrated(found.data);
    const problem = this.#problemOf(id, document) ?? this.#duplicateIn(document as Document);
    if (problem) return this.#setAside(name, problem);
    const isAsRead = document === found.data;
    this.#takeRead(id, document as Document, isAsRead ? found.text : undefined);
    if (!isAsRead) this.#dirty.add(id);
  }

  #takeRead(id: string, document: Document, text = textOf(document)): void {
    this.#table.set(id, document, text, false);
    this.#options.onRead?.(document);
  }

  #duplicateIn({ integration, ...rest }: Document): string | undefined {
    const taken = [integration._id, ...recordIdsOf({ integration, ...rest })].find(
      (id) => ![undefined, integration._id].includes(this.#table.ownerOf(id)),
    );
    return taken === undefined ? undefined : `${taken} is a record of ${this.#table.ownerOf(taken)}`;
  }

  #leave(id: string, message: string): void {
    this.#occupied.add(id);
    this.#foundAtStart.push({ name: id + SUFFIX, message });
  }

  async #setAside(name: string, reason: string, folder = this.#folder): Promise<void> {
    const aside = asideOf(name);
    try {
      await rename(join(folder, name), join(folder, aside));
    } catch (error) {
      throw new StoreError('store_unavailable', `${name} is damaged and cannot be set aside (${codeOf(error)}).`, {
        cause: error,
      });
    }
    this.#foundAtStart.push({ name, message: `${name} is damaged (${reason}); it was set aside as ${aside}.` });
  }

  /** What the last process had committed, and not written to the files. */
  async #replay(): Promise<void> {
    const names = (await readdir(this.#dataFolder)).filter((name) => LOG_NAME.test(name));
    const numberOf = (name: string): number => Number(LOG_NAME.exec(name)?.[1]);
    for (const name of names.sort((a, b) => numberOf(a) - numberOf(b))) {
      this.#lastLog = numberOf(name);
      const path = join(this.#dataFolder, name);
      let entries: LogEntry[];
      try {
        entries = await readLog(path);
      } catch (error) {
        // It must not be found again when its documents have changed since.
        await this.#setAside(name, `it cannot be read: ${codeOf(error)}`, this.#dataFolder);
        continue;
      }
      for (const { integrationId, text } of entries) {
        const problem = this.#apply(integrationId, text);
        if (problem === undefined) continue;
        this.#foundAtStart.push({
          name,
          message: `${name} holds a ${integrationId} that cannot be taken (${problem}); it will be set aside.`,
        });
        this.#spoiltLogs.add(path);
      }
      this.#oldLogs.push({ path, bytes: entries.reduce((sum, { text }) => sum + text.length, 0) });
    }
    if (this.#oldLogs.length > 0 || this.#dirty.size > 0) await this.#writeBack();
    if (this.#dirty.size > 0) this.#wait(RETRY_MS);
  }

  /** @returns why an entry of a log cannot be taken */
  #apply(id: string, text: Buffer): string | undefined {
    if (text.length === 0) {
      this.#table.delete(id);
    } else {
      const found = parsed(text);
      if (isNewerFormat(found)) return 'it is of a newer format than this version knows';
      const document = migrated(found);
      const problem = this.#problemOf(id, document);
      if (problem !== undefined) return problem;
      this.#takeRead(id, document as Document);
    }
    // Newer than the file, whatever is amiss with that.
    this.#occupied.delete(id);
    this.#dirty.add(id);
    return undefined;
  }
}

/** No larger than it has to be: what a `Buffer` takes by itself may be twice as much. */
function textOf(document: unknown): Buffer {
  const text = JSON.stringify(document);
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

const asideOf = (name: string): string => `${name}.${randomUUID()}.damaged`;

interface Found {
  readonly data?: unknown;
  readonly text?: Buffer | undefined;
  readonly error?: unknown;
}

async function readOrError(file: DocumentFile): Promise<Found> {
  const database = new Low<unknown>(file, {});
  try {
    await database.read();
    return { data: database.data, text: file.text };
  } catch (error) {
    return { error };
  }
}

/** Undefined for what is not JSON. */
function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}

function isNewerFormat(document: unknown): boolean {
  const format = (document as { format?: unknown } | null | undefined)?.format;
  return typeof format === 'number' && format > FORMAT;
}
