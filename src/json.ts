/** JSON as a type, and the two questions that are asked of it everywhere. */
import Type from '#typebox';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

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
 * Whether a value has more than so many characters of names, texts, numbers and brackets. About as long as
 * its JSON, without writing it; it ends where that is clear.
 */
export function isLongerThan(value: Json, chars: number): boolean {
  let left = chars;
  const stack: Json[] = [value];
  while (stack.length > 0 && left >= 0) {
    const next = stack.pop() as Json;
    if (typeof next === 'string') left -= next.length + 3;
    else if (typeof next !== 'object' || next === null) left -= String(next).length + 1;
    else if (Array.isArray(next)) {
      left -= next.length + 3;
      // What follows costs at least as much: a list that is too long is not looked through.
      if (left >= 0) for (const item of next) stack.push(item);
    } else {
      left -= 3;
      for (const [name, inner] of Object.entries(next)) {
        left -= name.length + 3;
        if (left < 0) return true;
        stack.push(inner);
      }
    }
  }
  return left < 0;
}
