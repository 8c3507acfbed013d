/**
 * What a backup looks like: gzip of JSON lines. The first says what it is, then come what each connector may
 * reach and the documents, each in a line, and the last says how many there are and the digest of all before
 * it, so that one that was cut off is known. Version 1 had the documents alone.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { type JsonObject, LARGE_BYTES } from '../json.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { type Document, inChunks, textOf } from './document.ts';
import { DOCUMENT_BYTES } from './stored.ts';

const FORMAT = 'bulkhead-backup';
const VERSION = 2;
const READABLE_VERSIONS: readonly unknown[] = [1, VERSION];
/** Of a document; what is in its line beside that is far less. */
const LINE_BYTES = DOCUMENT_BYTES + 4 * 1024 * 1024;
const NEWLINE = 0x0a;
const PIECE_BYTES = 1024 * 1024;
const MAX_DOCUMENTS = 1_000_000;
const MAX_ACCEPTANCES = 10_000;

/** A backup that is none, or is not whole, or that would overwrite what it may not. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: 'invalid_backup' | 'already_there';
  constructor(code: BackupError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A line of it. A document is as it was read: JSON in UTF-8. */
export type Entry = { readonly permissions: unknown } | { readonly document: Buffer };

export function backupFile(permissions: Iterable<JsonObject>, documents: AsyncIterable<Document>, now: Date): Readable {
  return pipeline(Readable.from(linesOf(permissions, documents, now)), createGzip(), () => {
    // The reader sees the error on the stream that it has.
  });
}

async function* linesOf(
  permissions: Iterable<JsonObject>,
  documents: AsyncIterable<Document>,
  now: Date,
): AsyncGenerator<string | Buffer> {
  const digest = createHash('sha256');
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`;
    digest.update(text);
    return text;
  };
  yield line({ format: FORMAT, version: VERSION, createdAt: now.toISOString() });
  const count = { acceptances: 0, documents: 0 };
  for (const acceptance of permissions) {
    yield line({ acceptance });
    count.acceptances++;
  }
  for await (const document of documents) {
    for (const chunk of inChunks(textOf(document))) {
      digest.update(chunk);
      yield chunk;
    }
    digest.update('\n');
    yield '\n';
    count.documents++;
  }
  yield `${JSON.stringify({ ...count, sha256: digest.digest('hex') })}\n`;
}

/** What is in a backup, in order. What is wrong with its form is thrown at the latest after the last entry. */
export async function* readBackup(file: string): AsyncGenerator<Entry> {
  const digest = createHash('sha256');
  const count = { acceptances: 0, documents: 0 };
  let version: unknown;
  let previous: Buffer | undefined;
  for await (const line of linesIn(file)) {
    if (previous !== undefined) {
      await updateDigest(digest, previous);
      if (version === undefined) {
        version = versionOf(parseLine(previous));
      } else {
        const entry = entryOf(previous);
        count['permissions' in entry ? 'acceptances' : 'documents']++;
        if (count.documents > MAX_DOCUMENTS) throw invalidBackup(`it holds more than ${MAX_DOCUMENTS} documents`);
        if (count.acceptances > MAX_ACCEPTANCES)
          throw invalidBackup(`it holds more than ${MAX_ACCEPTANCES} connectors`);
        yield entry;
      }
    }
    previous = line;
  }
  const end = parseLine(previous ?? Buffer.alloc(0)) as {
    acceptances?: unknown;
    documents?: unknown;
    sha256?: unknown;
  } | null;
  const { acceptances = 0, documents, sha256 } = end ?? {};
  const isWhole = acceptances === count.acceptances && documents === count.documents;
  if (version === undefined || !isWhole || sha256 !== digest.digest('hex')) throw invalidBackup('it is not whole');
}

async function* linesIn(file: string): AsyncGenerator<Buffer> {
  const bytes = pipeline(createReadStream(file), createGunzip({ chunkSize: PIECE_BYTES }), () => {});
  // Of a line that has not ended yet.
  let line: ArrayBuffer | undefined;
  try {
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
        const last = piece.subarray(from, end);
        yield line ? Buffer.from(append(line, last)) : last;
        line = undefined;
        from = end + 1;
      }
      if (from < piece.length)
        line = append(line ?? new ArrayBuffer(0, { maxByteLength: LINE_BYTES }), piece.subarray(from));
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE') throw invalidBackup('it is not gzip', error);
    throw error;
  }
  if (line) throw invalidBackup('it is not whole');
}

/** In its place: a copy of all that is there for each piece would be memory that is long in use. */
function append(buffer: ArrayBuffer, piece: Buffer): ArrayBuffer {
  const offset = buffer.byteLength;
  if (offset + piece.length > LINE_BYTES) throw invalidBackup(`a line is longer than ${LINE_BYTES} bytes`);
  buffer.resize(offset + piece.length);
  piece.copy(new Uint8Array(buffer), offset);
  return buffer;
}

/** In pieces: others have their turn between them. */
async function updateDigest(digest: Hash, line: Buffer): Promise<void> {
  const slice = new TimeSlice();
  for (let at = 0; at < line.length; at += PIECE_BYTES) {
    if (slice.isOver) await slice.next();
    digest.update(line.subarray(at, at + PIECE_BYTES));
  }
  digest.update('\n');
}

function versionOf(head: unknown): unknown {
  const { format, version } = (head ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) throw invalidBackup('it is none of this product');
  if (!READABLE_VERSIONS.includes(version))
    throw invalidBackup(`it is of version ${String(version)}, and ${VERSION} is known`);
  return version;
}

/** What connectors may reach is said in few words. */
function entryOf(line: Buffer): Entry {
  if (line.length > LARGE_BYTES) return { document: line };
  const value = parseLine(line);
  const isPermissions = typeof value === 'object' && value !== null && Object.hasOwn(value, 'acceptance');
  return isPermissions ? { permissions: (value as { acceptance: unknown }).acceptance } : { document: line };
}

function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    throw invalidBackup('it is not whole');
  }
}

export const invalidBackup = (why: string, cause?: unknown): BackupError =>
  new BackupError('invalid_backup', `The backup cannot be used: ${why}. Nothing was restored.`, { cause });
