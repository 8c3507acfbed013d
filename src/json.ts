/** JSON as a type, and the two questions that are asked of it everywhere. */
import Type from 'typebox';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Schema of any object, as JSON. */
export const AnyObject = Type.Unsafe<JsonObject>(Type.Object({}));

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a parsed value nests no deeper than it may; what is deeper cannot be written again safely. */
export function nestsWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth <= 0) return false;
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (!nestsWithin(item, depth - 1)) return false;
  }
  return true;
}
