/**
 * Maps stack traces to the author's source lines if the bundle has a source map. A map is parsed when the first
 * run of its bundle fails; its index is cached.
 */
import { posix } from 'node:path';
import type { Bundle } from '../../sandbox/index.ts';
import { MAP_CHARS, originOf, readSourceMap, type SourceIndex } from './source-map.ts';

/** All cached indexes; a single one takes at most a sixth of it. */
const CACHE_BYTES = 48 * 1024 * 1024;
/** Cost of an entry without a map. */
const EMPTY_ENTRY_BYTES = 4 * 1024;
/** A source's path. Longer ones stay as they are. */
const PATH_CHARS = 1_000;
/** Frames mapped per stack. */
const FRAMES = 100;

const INLINE = /^\/\/[#@] sourceMappingURL=data:application\/json[^,]{0,100};base64,/;

/** The source map embedded at the end of the code, if any. */
export function inlineSourceMap(code: string): string | undefined {
  const mark = code.lastIndexOf('//# sourceMappingURL=');
  const at = mark < 0 ? code.lastIndexOf('//@ sourceMappingURL=') : mark;
  // Four base64 characters encode three bytes.
  if (at < 0 || code.length - at > (MAP_CHARS * 4) / 3) return undefined;
  const [head] = INLINE.exec(code.slice(at, at + 200)) ?? [];
  return head === undefined ? undefined : Buffer.from(code.slice(at + head.length), 'base64').toString('utf8');
}

/** @param filename as it appears in the stack */
export function withSourceLines(stack: string, filename: string, index: SourceIndex | undefined): string {
  if (!index) return stack;
  const position = new RegExp(`${filename.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}:(\\d{1,9}):(\\d{1,9})`, 'g');
  let frames = 0;
  return stack.replace(position, (text, line, column) => {
    if (++frames > FRAMES) return text;
    const origin = originOf(index, Number(line) - 1, Number(column) - 1);
    return origin ? `${inBundle(filename, origin.source)}:${origin.line + 1}:${origin.column + 1}` : text;
  });
}

/** Source maps name files from where the built file is; authors think from the bundle's folder. */
function inBundle(filename: string, source: string): string {
  if (!source.startsWith('.') || source.length > PATH_CHARS) return source;
  const [_folder, ...main] = filename.split('/');
  return posix.join(...main.slice(0, -1), source);
}

interface MappedBundle {
  readonly bundle: Bundle;
  /** The map, if it is a separate file. */
  readonly sourceMap?: string | undefined;
}

interface CachedMap {
  index: Promise<SourceIndex | undefined> | undefined;
  bytes: number;
}

export class SourceLines {
  /** Entries live as long as their bundle. */
  readonly #entries = new WeakMap<Bundle, CachedMap>();
  /** Least recently used first. */
  readonly #cache = new Set<CachedMap>();
  #bytes = 0;

  /** Maps a stack of a run of this bundle. */
  async of({ bundle, sourceMap }: MappedBundle, stack: string): Promise<string> {
    if (stack === '') return stack;
    return withSourceLines(stack, bundle.filename, await this.#indexOf(bundle, sourceMap));
  }

  #indexOf(bundle: Bundle, sourceMap: string | undefined): Promise<SourceIndex | undefined> {
    const cached = this.#entries.get(bundle) ?? { index: undefined, bytes: 0 };
    this.#entries.set(bundle, cached);
    this.#cache.delete(cached);
    this.#cache.add(cached);
    if (!cached.index) {
      const text = sourceMap ?? inlineSourceMap(bundle.code);
      cached.index = text === undefined ? Promise.resolve(undefined) : readSourceMap(text);
      void cached.index.then((index) => this.#recordSize(cached, index));
    }
    return cached.index;
  }

  #recordSize(cached: CachedMap, index: SourceIndex | undefined): void {
    cached.bytes = EMPTY_ENTRY_BYTES + (index ? index.lines.byteLength + index.segments.byteLength : 0);
    for (const source of index?.sources ?? []) cached.bytes += 2 * (source?.length ?? 0);
    this.#bytes += cached.bytes;
    for (const oldest of this.#cache) {
      if (this.#bytes <= CACHE_BYTES) return;
      // Still being parsed: size unknown.
      if (oldest.bytes === 0) continue;
      this.#cache.delete(oldest);
      this.#bytes -= oldest.bytes;
      oldest.index = undefined;
      oldest.bytes = 0;
    }
  }
}
