/** JSON as a type, and the two questions that are asked of it everywhere. */
import Type from '#typebox';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * UTF-8 bytes of JSON that are handled while others wait: to parse, check and write so much takes a few
 * milliseconds. What is larger goes to the pool (`src/work`).
 */
export const LARGE_BYTES = 256 * 1024;

/** Schema of any object, as JSON. */
export const AnyObject = Type.Unsafe<JsonObject>(Type.Object({}));

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Whether a parsed value comes out of a file as it went in: it nests no deeper than it may, and has no
 * number that was too large for the parser.
 */
export function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth <= 0) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth - 1));
  for (const key of Object.keys(value)) {
    if (!isStorable((value as Record<string, unknown>)[key], depth - 1)) return false;
  }
  return true;
}

/**
 * Whether a value is longer as JSON than so many characters, without writing it: it may share parts, and be
 * a thousand times as long as what it takes in memory. Characters that JSON escapes count once.
 */
export function isLongerThan(value: Json, chars: number): boolean {
  let remaining = chars;
  const stack: Json[] = [value];
  while (stack.length > 0 && remaining >= 0) {
    const next = stack.pop() as Json;
    // With the comma that follows.
    if (typeof next === 'string') remaining -= next.length + 3;
    else if (typeof next !== 'object' || next === null) remaining -= String(next).length + 1;
    else if (Array.isArray(next)) {
      remaining -= 1;
      if (next.length > remaining) return true;
      for (const item of next) stack.push(item);
    } else {
      remaining -= 1;
      for (const [name, inner] of Object.entries(next)) {
        remaining -= name.length + 3;
        if (remaining < 0) return true;
        stack.push(inner);
      }
    }
  }
  return remaining < 0;
}
