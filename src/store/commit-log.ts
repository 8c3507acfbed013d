/**
 * Write-ahead log: an append-only file of commits that are not yet in their document's file. An entry
 * is durable when `append` resolves. Entries that arrive during a write share the next one (group commit).
 *
 * Entry: a header of 24 bytes (text length, 4; CRC-32 of all that follows, 4; number in this file, 4;
 * integration id, 12), then the document's text, which is empty for a removal.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { TimeSlice } from '../work/time-slice.ts';
import { asStoreError, syncFolder } from './files.ts';
import { StoreError } from './store.ts';

const HEADER_BYTES = 24;
const CHECKSUM_START = 8;
/** Copy smaller batches into one buffer first: one write of many pieces costs more than the copy. */
const COALESCED_BYTES = 256 * 1024;
/** Other systems lack this flag or do not honour it: sync explicitly there. */
const DURABLE_FLAG = process.platform === 'linux' ? constants.O_DSYNC : 0;

export interface LogEntry {
  readonly integrationId: string;
  /** JSON; empty for a document that was removed. */
  readonly text: Buffer;
}

/** An entry to append; its text may come in pieces. */
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
  /** Entries in the file. */
  #count = 0;
  /** Where the last entry ends, in bytes. */
  #end = 0;
  /** A failed write left bytes after the end. Truncate them, or the next start reads a refused commit. */
  #hasTornTail = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** Creates a log. Fails if the file exists. */
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

  /** @throws StoreError if the entry is not in the log */
  append({ integrationId, text }: NewEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      const pieces = Buffer.isBuffer(text) ? [text] : text;
      this.#pending.push({ integrationId, pieces, done });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Waits for pending writes. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    // Batch everything appended in this turn of the event loop.
    await undefined;
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      const error = await this.#write(batch);
      for (const { done } of batch) done(error);
    }
    this.#writing = undefined;
  }

  /** Writes all of the batch or none of it. @returns the error if none */
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
        // The next write tries again first.
      });
      return asStoreError(error);
    }
  }

  async #writeWhole(pieces: readonly Buffer[]): Promise<void> {
    let remaining = pieces;
    for (let written = 0; remaining.length > 0; ) {
      const { bytesWritten } = await this.#file.writev(remaining, this.#end + written);
      if (bytesWritten === 0)
        throw new StoreError('store_unavailable', 'The store could not be written (short write).');
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

/** The entries up to the first incomplete or corrupt one. That one was never acknowledged. */
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

/** The pieces without their first `bytes` bytes. */
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
