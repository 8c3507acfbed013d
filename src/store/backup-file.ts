/**
 * The backup format: gzipped JSON lines. First a header, then a line per connector with its permissions, a line per OAuth
 * client, and a line per document. The last line has the counts and the SHA-256 of all lines before it, which reveals a
 * truncated or altered backup. Version 1 had only documents; version 2 had no OAuth clients.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import { type JsonObject, LARGE_BYTES } from '../json.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { type Document, inChunks, textOf } from './document.ts';
import { DOCUMENT_BYTES } from './stored.ts';

const FORMAT = 'bulkhead-backup';
const VERSION = 3;
const READABLE_VERSIONS: readonly unknown[] = [1, 2, VERSION];
/** A document at its limit, plus its revisions and names. */
const LINE_BYTES = DOCUMENT_BYTES + 4 * 1024 * 1024;
const NEWLINE = 0x0a;
const PIECE_BYTES = 1024 * 1024;
const MAX_DOCUMENTS = 1_000_000;
/** Connectors' permissions, and OAuth clients. */
const MAX_RECORDS = 10_000;

/** Names of the lines that are not documents. */
export const recordNames = ['acceptance', 'oauthClient'] as const;
export type RecordName = (typeof recordNames)[number];

/** The backup is invalid or incomplete, or would overwrite existing content. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly code: 'invalid_backup' | 'already_there';
  constructor(code: BackupError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A line of the backup. A document is unparsed JSON in UTF-8. */
export type Entry = { readonly name: RecordName; readonly record: unknown } | { readonly document: Buffer };

export interface BackupContent {
  readonly records: AsyncIterable<{ readonly name: RecordName; readonly record: JsonObject }>;
  readonly documents: AsyncIterable<Document>;
}

export function backupFile(content: BackupContent, now: Date): Readable {
  return pipeline(Readable.from(linesOf(content, now)), createGzip(), () => {
    // The reader of the returned stream gets the error.
  });
}

async function* linesOf({ records, documents }: BackupContent, now: Date): AsyncGenerator<string | Buffer> {
  const digest = createHash('sha256');
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`;
    digest.update(text);
    return text;
  };
  yield line({ format: FORMAT, version: VERSION, createdAt: now.toISOString() });
  const count = { acceptances: 0, oauthClients: 0, documents: 0 };
  for await (const { name, record } of records) {
    yield line({ [name]: record });
    count[`${name}s`]++;
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

/** Reads a backup's entries in order. @throws BackupError for a malformed backup, at the latest after the last entry */
export async function* readBackup(file: string): AsyncGenerator<Entry> {
  const digest = createHash('sha256');
  const count = { acceptances: 0, oauthClients: 0, documents: 0 };
  let version: unknown;
  let previous: Buffer | undefined;
  for await (const line of linesIn(file)) {
    if (previous !== undefined) {
      await updateDigest(digest, previous);
      if (version === undefined) {
        version = versionOf(parseLine(previous));
      } else {
        const entry = entryOf(previous);
        count['document' in entry ? 'documents' : (`${entry.name}s` as const)]++;
        if (count.documents > MAX_DOCUMENTS) throw invalidBackup(`it holds more than ${MAX_DOCUMENTS} documents`);
        if (count.acceptances + count.oauthClients > MAX_RECORDS)
          throw invalidBackup(`it holds more than ${MAX_RECORDS} connectors and OAuth clients`);
        yield entry;
      }
    }
    previous = line;
  }
  const end = parseLine(previous ?? Buffer.alloc(0)) as {
    acceptances?: unknown;
    oauthClients?: unknown;
    documents?: unknown;
    sha256?: unknown;
  } | null;
  const { sha256, ...counts } = { acceptances: 0, oauthClients: 0, ...end };
  const isWhole = isDeepStrictEqual(counts, count);
  if (version === undefined || !isWhole || sha256 !== digest.digest('hex')) throw invalidBackup('it is incomplete');
}

async function* linesIn(file: string): AsyncGenerator<Buffer> {
  const bytes = pipeline(createReadStream(file), createGunzip({ chunkSize: PIECE_BYTES }), () => {});
  // The current line, while incomplete.
  let line: ArrayBuffer | undefined;
  let isIncomplete = false;
  try {
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
        const last = piece.subarray(from, end);
        from = end + 1;
        const whole = line ? Buffer.from(append(line, last)) : last;
        // The reader owns it now.
        line = undefined;
        yield whole;
      }
      if (from < piece.length)
        line = append(line ?? new ArrayBuffer(0, { maxByteLength: LINE_BYTES }), piece.subarray(from));
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code?.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE') throw invalidBackup('it is not gzip', error);
    throw error;
  } finally {
    isIncomplete = line !== undefined;
    // Free the memory now: a line may be as large as a document, and garbage collection takes its time.
    line?.resize(0);
  }
  if (isIncomplete) throw invalidBackup('it is incomplete');
}

/** Grows the buffer in place: copying the whole line for each piece would hold on to too much memory. */
function append(buffer: ArrayBuffer, piece: Buffer): ArrayBuffer {
  const offset = buffer.byteLength;
  if (offset + piece.length > LINE_BYTES) throw invalidBackup(`a line is longer than ${LINE_BYTES} bytes`);
  buffer.resize(offset + piece.length);
  piece.copy(new Uint8Array(buffer), offset);
  return buffer;
}

/** Yields to the event loop between pieces. */
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
  if (format !== FORMAT) throw invalidBackup('it was not made by Bulkhead');
  if (!READABLE_VERSIONS.includes(version))
    throw invalidBackup(`its version is ${String(version)}; this release reads versions up to ${VERSION}`);
  return version;
}

/** Parses only short lines: only documents are large. */
function entryOf(line: Buffer): Entry {
  if (line.length > LARGE_BYTES) return { document: line };
  const value = parseLine(line);
  const name = recordNames.find((known) => typeof value === 'object' && value !== null && Object.hasOwn(value, known));
  return name ? { name, record: (value as Record<string, unknown>)[name] } : { document: line };
}

function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString());
  } catch {
    throw invalidBackup('it contains a line that is not JSON');
  }
}

export const invalidBackup = (why: string, cause?: unknown): BackupError =>
  new BackupError('invalid_backup', `The backup cannot be used: ${why}. Nothing was restored.`, { cause });
