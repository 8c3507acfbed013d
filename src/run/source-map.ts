/**
 * Parses source maps (ECMA-426) into a compact index. A map is untrusted: only numbers and source names are read, within
 * limits, and parsing yields to the event loop. Node's parser and the usual libraries create an object per segment: a
 * hundred bytes for five characters.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import Type, { Compile } from '#typebox';
import { hasMoreItems, hasMoreParts } from '../../sandbox/index.ts';

/** Limit of the whole map. Stacks of bundles with a larger map keep the bundle's own lines. */
export const MAP_CHARS = 6 * 1024 * 1024;
/** Arrays, objects and names in a map; a legitimate map has few. */
const MAP_PARTS = 1_000;
/** Items of all its arrays and objects. */
const MAP_ITEMS = 500_000;
const MAPPINGS_CHARS = 2 * 1024 * 1024;
/** Lines of a bundle that are indexed. */
const LINES = 500_000;
/** Limit of a source name, and of the `sourceRoot` prefix. */
const SOURCE_CHARS = 200;
/** Characters parsed between turns of the event loop, a few tenths of a millisecond. */
const SLICE_CHARS = 64 * 1024;

const validMap = Compile(
  Type.Object({
    version: Type.Literal(3),
    mappings: Type.String({ maxLength: MAPPINGS_CHARS }),
    sources: Type.Array(Type.Union([Type.String(), Type.Null()]), { maxItems: 20_000 }),
    sourceRoot: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
);

/** Plain data, so that it can be sent between threads. */
export interface SourceIndex {
  /** Index of the first segment of each bundle line, followed by the number of segments. */
  readonly lines: Uint32Array;
  /** Four numbers per segment: column in the bundle, source, line and column in the source. */
  readonly segments: Int32Array;
  readonly sources: readonly (string | null)[];
}

const FIELDS = 4;
/** Characters of the shortest segment with a source, including its separator: `AAAA,`. */
const SEGMENT_CHARS = 5;

/**
 * @param text JSON of a source map
 * @returns undefined if the text is not a valid map or is too large
 */
export async function readSourceMap(text: string): Promise<SourceIndex | undefined> {
  const map = text.length > MAP_CHARS ? undefined : parseMap(text);
  if (!map) return undefined;
  const root = (map.sourceRoot ?? '').slice(0, SOURCE_CHARS);
  const reader = new MappingsReader(map.mappings.length);
  for (let from = 0; from < map.mappings.length; from += SLICE_CHARS) {
    await nextTurn();
    if (!reader.read(map.mappings.slice(from, from + SLICE_CHARS))) break;
  }
  const sources = map.sources.map((source) => (source === null ? null : root + source.slice(0, SOURCE_CHARS)));
  return { ...reader.end(), sources };
}

/** Maps a position in the bundle to the source. Lines and columns count from zero. */
export function originOf(
  { lines, segments, sources }: SourceIndex,
  line: number,
  column: number,
): { readonly source: string; readonly line: number; readonly column: number } | undefined {
  let [from = 0, end = 0] = [lines[line], lines[line + 1]];
  // Binary search for the line's last segment that starts at or before the column.
  const first = from;
  while (from < end) {
    const middle = (from + end) >>> 1;
    if ((segments[middle * FIELDS] as number) <= column) from = middle + 1;
    else end = middle;
  }
  if (from === first) return undefined;
  const [, source, ...position] = segments.subarray((from - 1) * FIELDS, from * FIELDS) as unknown as number[];
  const name = sources[source as number];
  return typeof name === 'string'
    ? { source: name, line: position[0] as number, column: position[1] as number }
    : undefined;
}

interface SourceMap {
  readonly mappings: string;
  readonly sources: readonly (string | null)[];
  readonly sourceRoot?: string | null;
}

function parseMap(text: string): SourceMap | undefined {
  try {
    if (hasMoreParts(text, MAP_PARTS) || hasMoreItems(text, MAP_ITEMS)) return undefined;
    const map: unknown = JSON.parse(text);
    if (validMap.Check(map)) return map as unknown as SourceMap;
  } catch {
    // An invalid map is the author's problem; stacks work without it.
  }
  return undefined;
}

// --- mappings: base64 VLQ (ECMA-426, 9) ---------------------------------------------------------------

const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const DIGITS = new Int8Array(128).fill(-1);
for (const [value, digit] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
}

/** Parses mappings in pieces into numbers. */
class MappingsReader {
  readonly #segments: Int32Array;
  #segmentCount = 0;
  #lines = new Uint32Array(1_024);
  /** The current line. */
  #line = 0;
  /** The current segment's fields. Each is relative to the previous segment; only the column restarts per line. */
  readonly #fields = new Int32Array(FIELDS);
  #field = 0;
  #value = 0;
  #shift = 0;

  constructor(chars: number) {
    this.#segments = new Int32Array(Math.ceil((chars + 1) / SEGMENT_CHARS) * FIELDS);
  }

  /** @returns false if the rest cannot be parsed */
  read(piece: string): boolean {
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (code === COMMA || code === SEMICOLON) {
        this.#endSegment();
        if (code === SEMICOLON && !this.#endLine()) return false;
        continue;
      }
      const digit = code < DIGITS.length ? (DIGITS[code] as number) : -1;
      if (digit < 0 || this.#shift > 25) return false;
      this.#value |= (digit & 31) << this.#shift;
      this.#shift += 5;
      if ((digit & 32) === 0) this.#endField();
    }
    return true;
  }

  end(): Pick<SourceIndex, 'lines' | 'segments'> {
    this.#endSegment();
    this.#endLine();
    return {
      lines: this.#lines.slice(0, this.#line + 1),
      segments: this.#segments.slice(0, this.#segmentCount * FIELDS),
    };
  }

  #endField(): void {
    const value = this.#value;
    if (this.#field < FIELDS) {
      this.#fields[this.#field] =
        (this.#fields[this.#field] as number) + ((value & 1) === 1 ? -(value >> 1) : value >> 1);
    }
    this.#field++;
    this.#value = 0;
    this.#shift = 0;
  }

  #endSegment(): void {
    if (this.#field >= FIELDS) this.#segments.set(this.#fields, this.#segmentCount++ * FIELDS);
    this.#field = 0;
    this.#value = 0;
    this.#shift = 0;
  }

  #endLine(): boolean {
    if (this.#line === LINES) return false;
    if (this.#line + 1 === this.#lines.length) {
      const longer = new Uint32Array(this.#lines.length * 2);
      longer.set(this.#lines);
      this.#lines = longer;
    }
    this.#lines[++this.#line] = this.#segmentCount;
    this.#fields[0] = 0;
    return true;
  }
}
