/** Reads and replaces values in a record by their path. Everything else in the record stays. Pure. */
import { asString, isJsonObject, type Json, type JsonObject } from '../api/json.ts';

/** Dotted, or a list for keys that contain dots themselves. */
export type Path = string | readonly string[];

const keysOf = (path: Path): readonly string[] => (typeof path === 'string' ? path.split('.') : path);

export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  let inner = value;
  for (const key of keysOf(path)) inner = isJsonObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
  return inner;
}

export const textAt = (value: Json | undefined, path: Path): string => asString(valueAt(value, path)) ?? '';

export function objectAt(value: Json | undefined, path: Path): JsonObject {
  const inner = valueAt(value, path);
  return isJsonObject(inner) ? inner : {};
}

export function listAt(value: Json | undefined, path: Path): readonly Json[] {
  const inner = valueAt(value, path);
  return Array.isArray(inner) ? inner : [];
}

/** Objects on the way are created. @param value undefined: removes the key */
export function withValue(record: JsonObject, path: Path, value: Json | undefined): JsonObject {
  const [key = '', ...rest] = keysOf(path);
  if (rest.length > 0) return { ...record, [key]: withValue(objectAt(record, [key]), rest, value) };
  if (value !== undefined) return { ...record, [key]: value };
  const { [key]: _, ...others } = record;
  return others;
}

export function contains(value: Json | undefined, leaf: Json): boolean {
  if (typeof value !== 'object' || value === null) return value === leaf;
  return Object.values(value).some((inner) => contains(inner, leaf));
}
