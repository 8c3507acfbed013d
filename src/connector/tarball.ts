/**
 * Bundles as npm packs them: a gzipped tar with one top folder. Unpacked in memory, never to disk, so a path in it is
 * only a key to look up. What would be dangerous on a disk (links, devices, `..`, names that collide on some file
 * systems) is refused all the same. The only importer of tar, which is loaded on first use.
 */
import { Readable } from 'node:stream';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import type { ReadEntry } from 'tar';
import { type BundleFiles, missing, tooLarge, UnreadableError } from './bundle-files.ts';

/** Limit of a packed tarball. */
export const TARBALL_BYTES = 32 * 1024 * 1024;
/** Everything in it, unpacked. */
const UNPACKED_LIMIT_BYTES = 64 * 1024 * 1024;
/** Larger files are never read, so their content is not kept. */
const FILE_LIMIT_BYTES = 16 * 1024 * 1024;
/** Files and folders. */
const MAX_ENTRIES = 2_000;
const MAX_PATH_CHARS = 1_000;
/** Metadata entries (long names, extended attributes): each, and all together. */
const META_ENTRY_LIMIT_BYTES = 8 * 1024;
const META_TOTAL_LIMIT_BYTES = 2 * 1024 * 1024;
const BLOCK_BYTES = 512;
/** Parsed at once before yielding to the event loop. */
const SLICE_BYTES = 32 * 1024;

const GZIP_MAGIC = [0x1f, 0x8b];
const FILE_TYPES = ['File', 'OldFile', 'ContiguousFile'];

/** The message completes a sentence that starts with the tarball. */
export class TarballError extends UnreadableError {}

/** A file in the tarball. Without chunks if larger than `FILE_LIMIT_BYTES`. */
interface PackedFile {
  readonly bytes: number;
  readonly chunks: readonly Buffer[];
}

/** @throws TarballError */
export async function tarballFiles(packed: Buffer): Promise<BundleFiles> {
  const files = await unpack(packed);
  return {
    async read(path, limitBytes) {
      const file = files.get(path.replace(/^\.\//, ''));
      if (!file) throw missing();
      if (file.bytes > limitBytes) throw tooLarge(limitBytes);
      // A copy: a slice would keep the whole unpacked tar in memory.
      return Buffer.concat(file.chunks);
    },
  };
}

const gzipAsync = promisify(gzip);

/** The unzipped tarball in chunks. @throws TarballError */
async function* gunzipChunks(packed: Buffer): AsyncGenerator<Buffer> {
  if (!isGzip(packed)) throw new TarballError('is not gzipped');
  let bytes = 0;
  try {
    for await (const chunk of Readable.from([packed]).pipe(createGunzip({ chunkSize: SLICE_BYTES }))) {
      // The parser would unzip it again, without a limit.
      if (bytes === 0 && isGzip(chunk)) throw new TarballError('is gzipped twice');
      bytes += chunk.length;
      if (bytes > UNPACKED_LIMIT_BYTES) throw new TarballError(`unpacks to more than ${UNPACKED_LIMIT_BYTES} bytes`);
      yield chunk;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!code?.startsWith('Z_')) throw error;
    throw new TarballError(code === 'Z_BUF_ERROR' ? 'is cut off' : `is damaged (${code})`);
  }
}

const isGzip = (bytes: Buffer): boolean => GZIP_MAGIC.every((byte, index) => bytes[index] === byte);

/** The files, by path below the top folder. */
async function unpack(packed: Buffer): Promise<ReadonlyMap<string, PackedFile>> {
  const { Parser } = await import('tar');
  const files = new Map<string, PackedFile>();
  const names = new EntryNames();
  let problem: Error | undefined;
  const parser = new Parser({ strict: true, zstd: false, brotli: false, maxMetaEntrySize: META_ENTRY_LIMIT_BYTES });
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      problem ??= error as Error;
    }
  };
  parser.on('error', (error: Error) => {
    problem ??= new TarballError(`is not a readable tar (${error.message.slice(0, 200)})`);
  });
  let hasEnded = false;
  parser.on('eof', () => {
    hasEnded = true;
  });
  let metaBytes = 0;
  parser.on('meta', (text: string) => {
    metaBytes += BLOCK_BYTES + text.length;
    if (metaBytes > META_TOTAL_LIMIT_BYTES) problem ??= tooMuchMetadata(META_TOTAL_LIMIT_BYTES);
  });
  // Unknown entry types, and metadata over the parser's limit.
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    if (entry.meta) problem ??= tooMuchMetadata(META_ENTRY_LIMIT_BYTES);
    else attempt(() => refuseType(entry));
  });
  parser.on('entry', (entry: ReadEntry) => {
    const chunks: Buffer[] = [];
    entry.on('data', (chunk: Buffer) => {
      if (entry.size <= FILE_LIMIT_BYTES) chunks.push(chunk);
    });
    attempt(() => {
      const isFile = FILE_TYPES.includes(entry.type);
      if (!isFile && entry.type !== 'Directory') refuseType(entry);
      const path = names.add(entry.path, isFile);
      if (path !== undefined && isFile) files.set(path, { bytes: entry.size, chunks });
    });
  });
  for await (const chunk of gunzipChunks(packed)) {
    // After the end of the archive, the parser would buffer the rest, copying it for each chunk.
    if (!hasEnded) parser.write(chunk);
    if (problem) break;
    await yieldToEventLoop();
  }
  if (!problem) parser.end();
  if (problem) throw problem;
  return files;
}

const tooMuchMetadata = (limitBytes: number): TarballError =>
  new TarballError(`has more than ${limitBytes} bytes of metadata`);

function refuseType({ type, path }: ReadEntry): never {
  throw new TarballError(`contains ${quoted(path)}, which is neither a file nor a folder (${type})`);
}

const quoted = (path: string): string => JSON.stringify(path.slice(0, 200));

/** Checks each entry's name, also against those before it. */
class EntryNames {
  #top: string | undefined;
  #count = 0;
  readonly #seen = new Map<string, boolean>();

  /** The path below the top folder; undefined for entries to skip. @throws TarballError */
  add(path: string, isFile: boolean): string | undefined {
    if (++this.#count > MAX_ENTRIES) throw new TarballError(`has more than ${MAX_ENTRIES} entries`);
    const parts = partsOf(path);
    // Metadata files that macOS adds.
    if (parts.at(-1)?.startsWith('._')) return undefined;
    const [top, ...rest] = parts;
    // `./`
    if (top === undefined) return undefined;
    this.#top ??= top;
    if (top !== this.#top || (rest.length === 0 && isFile)) {
      throw new TarballError(`contains ${quoted(path)} outside its one top folder; pack it with npm pack`);
    }
    const name = rest.join('/');
    const key = name.normalize('NFC').toLowerCase();
    const wasFile = this.#seen.get(key);
    if (wasFile !== undefined && (wasFile || isFile)) {
      throw new TarballError(`contains ${quoted(path)} twice, or in names that differ only by case`);
    }
    this.#seen.set(key, isFile);
    return name;
  }
}

function partsOf(path: string): string[] {
  const refuse = (what: string): never => {
    throw new TarballError(`contains ${quoted(path)}: ${what}`);
  };
  if (path.length > MAX_PATH_CHARS) refuse(`paths must not exceed ${MAX_PATH_CHARS} characters`);
  if (/\p{Cc}/u.test(path)) refuse('paths must not contain control characters');
  if (path.includes('\\')) refuse('paths must use / as separator');
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) refuse('paths must be relative');
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) refuse('paths must not contain ..');
  return parts;
}

const TOP_FOLDER = 'package';

/** Packs files as npm does. The same files give the same bytes. @param files by path in the bundle */
export async function tarballOf(files: ReadonlyMap<string, Buffer>): Promise<Buffer> {
  const { Header, Pack, ReadEntry } = await import('tar');
  const pack = new Pack({ portable: true });
  const chunks: Buffer[] = [];
  pack.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => pack.on('end', resolve).on('error', reject));
  for (const [path, bytes] of files) {
    const header = new Header({
      path: `${TOP_FOLDER}/${path}`,
      mode: 0o644,
      size: bytes.length,
      type: 'File',
      mtime: EPOCH,
    });
    const entry = new ReadEntry(header);
    entry.end(bytes);
    pack.add(entry);
  }
  pack.end();
  await ended;
  const packed = await gzipAsync(Buffer.concat(chunks), { level: 1 });
  packed[OS_BYTE] = UNKNOWN_OS;
  return packed;
}

/** Fixed times and gzip OS field: the same files give the same bytes on every machine. */
const EPOCH = new Date(0);
const OS_BYTE = 9;
const UNKNOWN_OS = 255;
