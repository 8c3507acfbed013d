/**
 * Stacks with the lines that a connector's author wrote, where the bundle brings a source map. The map is the
 * author's too, and is read with every run that fails: it is gone through once, and nothing is made of it
 * but the places that are asked for.
 */
import Type, { Compile } from '#typebox';

const validMap = Compile(
  Type.Object({
    version: Type.Literal(3),
    mappings: Type.String({ maxLength: 2 * 1024 * 1024 }),
    sources: Type.Array(Type.Union([Type.String(), Type.Null()]), { maxItems: 20_000 }),
    sourceRoot: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
);
/** Of a map with all that it brings along; without a map stacks have the bundle's own lines. */
const MAP_CHARS = 6 * 1024 * 1024;
/** Of the name of a source, and of what stands in front of all. */
const SOURCE_CHARS = 200;
/** Frames of a stack that are looked up. */
const FRAMES = 100;

const INLINE = /^\/\/[#@] sourceMappingURL=data:application\/json[^,]{0,100};base64,([\w+/=]+)\s*$/;

/** The text of a map that stands at the end of the code itself. */
export function inlineSourceMap(code: string): string | undefined {
  const comment = code.slice(code.lastIndexOf('//')).trimEnd();
  const encoded = comment.length > MAP_CHARS ? undefined : INLINE.exec(comment)?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

/** A place in the bundle, and where it comes from. Lines and columns count from zero. */
interface Wanted {
  readonly line: number;
  readonly column: number;
  origin?: { readonly source: number; readonly line: number; readonly column: number };
}

/** @param filename as it stands in the stack; @param mapText JSON of a source map, made by whoever made the bundle */
export function withSourceLines(stack: string, filename: string, mapText: string | undefined): string {
  const map = mapText === undefined || mapText.length > MAP_CHARS ? undefined : parsed(mapText);
  if (!map) return stack;
  const place = new RegExp(`${filename.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}:(\\d{1,9}):(\\d{1,9})`, 'g');
  const wanted = new Map<string, Wanted>();
  for (const [text, line, column] of stack.matchAll(place)) {
    if (wanted.size < FRAMES) wanted.set(text, { line: Number(line) - 1, column: Number(column) - 1 });
  }
  lookUp(map.mappings, [...wanted.values()]);
  return stack.replace(place, (text) => {
    const origin = wanted.get(text)?.origin;
    const source = origin && map.sources[origin.source];
    if (!origin || typeof source !== 'string') return text;
    const name = (map.sourceRoot ?? '').slice(0, SOURCE_CHARS) + source.slice(0, SOURCE_CHARS);
    return `${name}:${origin.line + 1}:${origin.column + 1}`;
  });
}

function parsed(
  text: string,
): typeof validMap extends { Check(value: unknown): value is infer T } ? T | undefined : never {
  try {
    const map: unknown = JSON.parse(text);
    if (validMap.Check(map)) return map;
  } catch {
    // Not ours, and only a convenience.
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

/** Notes for each place the last segment of its line that begins there or before. */
function lookUp(mappings: string, wanted: readonly Wanted[]): void {
  const lastLine = Math.max(-1, ...wanted.map(({ line }) => line));
  // Of a segment: column in the bundle, source, line and column there; all but the first count on through the map.
  const fields = new Int32Array(4);
  let here = wanted.filter(({ line }) => line === 0);
  let [line, field, value, shift] = [0, 0, 0, 0];
  for (let at = 0; at <= mappings.length && line <= lastLine; at++) {
    const code = at === mappings.length ? SEMICOLON : mappings.charCodeAt(at);
    if (code === COMMA || code === SEMICOLON) {
      if (field >= 4 && here.length > 0) note(here, fields);
      field = 0;
      value = 0;
      shift = 0;
      if (code === COMMA) continue;
      fields[0] = 0;
      line++;
      here = wanted.filter((each) => each.line === line);
      continue;
    }
    const digit = code < DIGITS.length ? (DIGITS[code] as number) : -1;
    if (digit < 0 || shift > 25) return;
    value |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) !== 0) continue;
    if (field < 4) fields[field] = (fields[field] as number) + ((value & 1) === 1 ? -(value >> 1) : value >> 1);
    field++;
    value = 0;
    shift = 0;
  }
}

function note(here: readonly Wanted[], fields: Int32Array): void {
  const at = (index: number): number => fields[index] as number;
  for (const place of here) {
    if (at(0) <= place.column) place.origin = { source: at(1), line: at(2), column: at(3) };
  }
}
