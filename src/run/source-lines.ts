/**
 * Stacks with the lines that a connector's author wrote, where the bundle brings a source map. A map is read
 * when the first run of its bundle fails, and its index is kept for those that follow.
 */
import type { Bundle } from '../../sandbox/index.ts';
import { MAP_CHARS, originOf, readSourceMap, type SourceIndex } from './source-map.ts';

/** Of all indexes that are kept: the largest has a sixth of it. */
const CACHE_BYTES = 48 * 1024 * 1024;
/** Without a map there is nothing to keep but that. */
const EMPTY_ENTRY_BYTES = 4 * 1024;
/** Frames of a stack that are looked up. */
const FRAMES = 100;

const INLINE = /^\/\/[#@] sourceMappingURL=data:application\/json[^,]{0,100};base64,/;

/** The text of a map that stands at the end of the code itself. */
export function inlineSourceMap(code: string): string | undefined {
  const mark = code.lastIndexOf('//# sourceMappingURL=');
  const at = mark < 0 ? code.lastIndexOf('//@ sourceMappingURL=') : mark;
  // In base64, four characters are three bytes.
  if (at < 0 || code.length - at > (MAP_CHARS * 4) / 3) return undefined;
  const [head] = INLINE.exec(code.slice(at, at + 200)) ?? [];
  return head === undefined ? undefined : Buffer.from(code.slice(at + head.length), 'base64').toString('utf8');
}

/** @param filename as it stands in the stack */
export function withSourceLines(stack: string, filename: string, index: SourceIndex | undefined): string {
  if (!index) return stack;
  const position = new RegExp(`${filename.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}:(\\d{1,9}):(\\d{1,9})`, 'g');
  let frames = 0;
  return stack.replace(position, (text, line, column) => {
    if (++frames > FRAMES) return text;
    const origin = originOf(index, Number(line) - 1, Number(column) - 1);
    return origin ? `${origin.source}:${origin.line + 1}:${origin.column + 1}` : text;
  });
}

/** A connector's code, and its map if that is a file of its own. */
interface MappedBundle {
  readonly bundle: Bundle;
  readonly sourceMap?: string | undefined;
}

interface CachedMap {
  index: Promise<SourceIndex | undefined> | undefined;
  bytes: number;
}

export class SourceLines {
  /** Goes with the bundle. */
  readonly #entries = new WeakMap<Bundle, CachedMap>();
  /** Those that have an index, the one that was used last at the end. */
  readonly #cache = new Set<CachedMap>();
  #bytes = 0;

  /** A stack of a run of this code. */
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
      // What is still being read has no weight yet.
      if (oldest.bytes === 0) continue;
      this.#cache.delete(oldest);
      this.#bytes -= oldest.bytes;
      oldest.index = undefined;
      oldest.bytes = 0;
    }
  }
}
