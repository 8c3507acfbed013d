/**
 * What was committed and is not yet in its document's file: one file that is only appended to. An
 * entry is durable when `append` resolves; entries that arrive while one is being written share the
 * next write and its sync.
 *
 * An entry is its head, 24 bytes (the length of the text and the checksum of what follows, 4 bytes
 * each; its number in this file, 4; the id, 12), and the document's text, nothing for a removal.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { asStoreError, syncFolder } from './files.ts';
import { StoreError } from './store.ts';

const HEAD_BYTES = 24;
const CHECKED_FROM = 8;
/** Elsewhere a write that is told to be durable is not, or there is no such thing. */
const DURABLE = process.platform === 'linux' ? constants.O_DSYNC : 0;

export interface LogEntry {
  readonly integrationId: string;
  /** JSON; empty for a document that was removed. */
  readonly text: Buffer;
}

interface Waiting extends LogEntry {
  done(error?: unknown): void;
}

export class CommitLog {
  readonly path: string;
  readonly #file: FileHandle;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** Entries that are in the file. */
  #count = 0;
  /** Where they end, in bytes. */
  #end = 0;
  /** Beyond the end lies what was refused: it must not be found at the next start. */
  #hasRest = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Makes a new log; there must be none under that path. */
  static async create(folder: string, path: string): Promise<CommitLog> {
    const { O_WRONLY, O_CREAT, O_EXCL } = constants;
    const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | DURABLE, 0o600);
    try {
      await syncFolder(folder);
      return new CommitLog(path, file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#end;
  }

  /** @throws StoreError and the entry is not in the log */
  append(entry: LogEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      this.#waiting.push({ ...entry, done });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    // What was asked for in the same turn goes in the same write.
    await undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const error = await this.#write(batch);
      for (const { done } of batch) done(error);
    }
    this.#writing = undefined;
  }

  /** Resolves to why nothing of the batch was written. */
  async #write(batch: readonly LogEntry[]): Promise<StoreError | undefined> {
    const parts = batch.flatMap((entry, index) => [headOf(entry, this.#count + index), entry.text]);
    try {
      await this.#clearRest();
      const bytes = Buffer.concat(parts);
      this.#hasRest = true;
      await this.#writeWhole(bytes);
      this.#hasRest = false;
      this.#count += batch.length;
      this.#end += bytes.length;
      return undefined;
    } catch (error) {
      await this.#clearRest().catch(() => {
        // Tried again before anything else is written.
      });
      return asStoreError(error);
    }
  }

  async #writeWhole(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, this.#end + written);
      if (bytesWritten === 0) throw new StoreError('store_unavailable', 'The store was not written (short write).');
      written += bytesWritten;
    }
    if (DURABLE === 0) await this.#file.datasync();
  }

  async #clearRest(): Promise<void> {
    if (!this.#hasRest) return;
    await this.#file.truncate(this.#end);
    await this.#file.datasync();
    this.#hasRest = false;
  }
}

/** The entries of a log, up to the first that is not whole: it was never acknowledged. */
export async function readLog(path: string): Promise<LogEntry[]> {
  const bytes = await readFile(path);
  const entries: LogEntry[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const end = at + HEAD_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    const checked = bytes.subarray(at + CHECKED_FROM, end);
    if (bytes.readUInt32LE(at + 4) !== crc32(checked) || checked.readUInt32LE(0) !== entries.length) break;
    const integrationId = checked.toString('hex', 4, 16);
    entries.push({ integrationId, text: bytes.subarray(at + HEAD_BYTES, end) });
    at = end;
  }
  return entries;
}

function headOf({ integrationId, text }: LogEntry, number: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(text.length, 0);
  head.writeUInt32LE(number, CHECKED_FROM);
  head.write(integrationId, CHECKED_FROM + 4, 'hex');
  head.writeUInt32LE(crc32(text, crc32(head.subarray(CHECKED_FROM))), 4);
  return head;
}
