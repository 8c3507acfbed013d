/** JSON types and checks. */
import Type from '#typebox';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * JSON up to this size, in UTF-8 bytes, is processed on the event loop: parsing, checking and writing it takes a few
 * milliseconds. Larger JSON goes to the pool (`src/work`).
 */
export const LARGE_BYTES = 256 * 1024;

/** Schema of any JSON object. */
export const AnyObject = Type.Unsafe<JsonObject>(Type.Object({}));

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns undefined for text that is not JSON */
export function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a parsed value can be stored: it nests at most `depth` levels, and no number overflowed to infinity. */
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
 * Whether a value's JSON is longer than `chars`, without serializing it: with shared parts, the JSON may be a thousand
 * times as large as the value in memory. Escaped characters count once.
 */
export function isLongerThan(value: Json, chars: number): boolean {
  let remaining = chars;
  const stack: Json[] = [value];
  while (stack.length > 0 && remaining >= 0) {
    const next = stack.pop() as Json;
    // Quotes and a comma.
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
