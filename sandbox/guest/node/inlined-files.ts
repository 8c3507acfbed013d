/** `fs` for files that were put into the bundle when it was built. */
import { notAvailable } from './not-available.ts';

export interface InlinedFiles {
  /** By path. What is not a text is in base64. */
  readonly texts: Readonly<Record<string, string>>;
  readonly binaries: Readonly<Record<string, string>>;
  /** Names in each folder, by its path. */
  readonly folders: Readonly<Record<string, readonly string[]>>;
  /** Paths that are there, but were not read. */
  readonly present: readonly string[];
}

type BufferClass = typeof import('node:buffer').Buffer;
type Encoding = BufferEncoding | { readonly encoding?: BufferEncoding | null } | null | undefined;

/** Absolute, without `.` and `..`. A bundle's working directory is `/`. */
function normalized(path: unknown): string {
  const text = path instanceof URL ? decodeURIComponent(path.pathname) : String(path);
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

const has = Object.hasOwn;

/** @param Buffer left out if all reads name an encoding of text */
export function fileSystem({ texts, binaries, folders, present }: InlinedFiles, Buffer?: BufferClass): object {
  const readFileSync = (path: unknown, options?: Encoding): unknown => {
    const key = normalized(path);
    const encoding = typeof options === 'string' ? options : options?.encoding;
    if (has(texts, key) && /^utf-?8$/i.test(encoding ?? '')) return texts[key];
    if (!Buffer || !(has(texts, key) || has(binaries, key))) {
      throw notAvailable(`fs.readFileSync of ${key}`, undefined, readFileSync);
    }
    const bytes = has(texts, key) ? Buffer.from(texts[key] ?? '') : Buffer.from(binaries[key] ?? '', 'base64');
    return typeof encoding === 'string' ? bytes.toString(encoding) : bytes;
  };
  const readdirSync = (path: unknown, options?: { readonly withFileTypes?: boolean } | string | null): string[] => {
    const key = normalized(path);
    const isPlain = typeof options !== 'object' || options?.withFileTypes !== true;
    if (!has(folders, key) || !isPlain) throw notAvailable(`fs.readdirSync of ${key}`, undefined, readdirSync);
    return [...(folders[key] ?? [])];
  };
  const existsSync = (path: unknown): boolean => {
    const key = normalized(path);
    return [texts, binaries, folders].some((paths) => has(paths, key)) || present.includes(key);
  };
  const readFile = (path: unknown, ...rest: unknown[]): void => {
    const callback = rest.at(-1) as (error: unknown, content?: unknown) => void;
    const options = rest.length > 1 ? (rest[0] as Encoding) : undefined;
    let outcome: [unknown, unknown?];
    try {
      outcome = [null, readFileSync(path, options)];
    } catch (error) {
      outcome = [error];
    }
    queueMicrotask(() => callback(...outcome));
  };
  return { readFileSync, readdirSync, existsSync, readFile };
}
