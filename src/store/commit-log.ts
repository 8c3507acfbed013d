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
import { TimeSlice } from '../work/time-slice.ts';
import { asStoreError, syncFolder } from './files.ts';
import { StoreError } from './store.ts';

const HEADER_BYTES = 24;
const CHECKSUM_START = 8;
/** Of a batch that is put together before it is written: one write of many pieces costs more than a copy. */
const COALESCED_BYTES = 256 * 1024;
/** Elsewhere a write that is told to be durable is not, or there is no such thing. */
const DURABLE_FLAG = process.platform === 'linux' ? constants.O_DSYNC : 0;

export interface LogEntry {
  readonly integrationId: string;
  /** JSON; empty for a document that was removed. */
  readonly text: Buffer;
}

/** The same before it is written: its text may come in pieces. */
export interface NewEntry {
  readonly integrationId: string;
  readonly text: Buffer | readonly Buffer[];
}

interface PendingEntry {
  readonly integrationId: string;
  readonly pieces: readonly Buffer[];
  done(error?: unknown): void;
}

export class CommitLog {
  readonly path: string;
  readonly #file: FileHandle;
  #pending: PendingEntry[] = [];
  #writing: Promise<void> | undefined;
  /** Entries that are in the file. */
  #count = 0;
  /** Where they end, in bytes. */
  #end = 0;
  /** Beyond the end lies what was refused: it must not be found at the next start. */
  #hasTornTail = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Makes a new log; there must be none under that path. */
  static async create(folder: string, path: string): Promise<CommitLog> {
    const { O_WRONLY, O_CREAT, O_EXCL } = constants;
    const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | DURABLE_FLAG, 0o600);
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
  append({ integrationId, text }: NewEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      const pieces = Buffer.isBuffer(text) ? [text] : text;
      this.#pending.push({ integrationId, pieces, done });
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
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      const error = await this.#write(batch);
      for (const { done } of batch) done(error);
    }
    this.#writing = undefined;
  }

  /** Resolves to why nothing of the batch was written. */
  async #write(batch: readonly PendingEntry[]): Promise<StoreError | undefined> {
    try {
      const pieces: Buffer[] = [];
      for (const [index, entry] of batch.entries()) {
        pieces.push(await headerOf(entry, this.#count + index), ...entry.pieces);
      }
      const bytes = totalBytes(pieces);
      await this.#truncateTornTail();
      this.#hasTornTail = true;
      await this.#writeWhole(bytes <= COALESCED_BYTES ? [Buffer.concat(pieces)] : pieces);
      this.#hasTornTail = false;
      this.#count += batch.length;
      this.#end += bytes;
      return undefined;
    } catch (error) {
      await this.#truncateTornTail().catch(() => {
        // Tried again before anything else is written.
      });
      return asStoreError(error);
    }
  }

  async #writeWhole(pieces: readonly Buffer[]): Promise<void> {
    let remaining = pieces;
    for (let written = 0; remaining.length > 0; ) {
      const { bytesWritten } = await this.#file.writev(remaining, this.#end + written);
      if (bytesWritten === 0) throw new StoreError('store_unavailable', 'The store was not written (short write).');
      written += bytesWritten;
      remaining = afterBytes(remaining, bytesWritten);
    }
    if (DURABLE_FLAG === 0) await this.#file.datasync();
  }

  async #truncateTornTail(): Promise<void> {
    if (!this.#hasTornTail) return;
    await this.#file.truncate(this.#end);
    await this.#file.datasync();
    this.#hasTornTail = false;
  }
}

/** The entries of a log, up to the first that is not whole: it was never acknowledged. */
export async function readLog(path: string): Promise<LogEntry[]> {
  const bytes = await readFile(path);
  const entries: LogEntry[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    const checked = bytes.subarray(at + CHECKSUM_START, end);
    if (bytes.readUInt32LE(at + 4) !== crc32(checked) || checked.readUInt32LE(0) !== entries.length) break;
    const integrationId = checked.toString('hex', 4, 16);
    entries.push({ integrationId, text: bytes.subarray(at + HEADER_BYTES, end) });
    at = end;
  }
  return entries;
}

const totalBytes = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** What is left of pieces of which so many bytes were written. */
function afterBytes(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  let [skipped, at] = [bytes, 0];
  while (at < pieces.length && skipped >= (pieces[at] as Buffer).length) skipped -= (pieces[at++] as Buffer).length;
  const [first, ...rest] = pieces.slice(at);
  return first ? [first.subarray(skipped), ...rest] : [];
}

async function headerOf({ integrationId, pieces }: PendingEntry, number: number): Promise<Buffer> {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(totalBytes(pieces), 0);
  header.writeUInt32LE(number, CHECKSUM_START);
  header.write(integrationId, CHECKSUM_START + 4, 'hex');
  let checksum = crc32(header.subarray(CHECKSUM_START));
  const slice = new TimeSlice();
  for (const piece of pieces) {
    checksum = crc32(piece, checksum);
    if (slice.isOver) await slice.next();
  }
  header.writeUInt32LE(checksum, 4);
  return header;
}
