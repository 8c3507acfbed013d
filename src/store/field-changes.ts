/** Names the fields in which two values differ. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { shorten } from '../shorten.ts';
import { FIELDS_MAX, PATH_CHARS } from './audit.ts';

/** A change of a deeper field counts as one of its parent. */
const DEPTH_MAX = 6;
/** Fields of the runtime, which are not named. */
const UNNAMED: readonly string[] = ['lastModified'];

/** Dotted paths, at most `FIELDS_MAX`. Lists count as a whole. */
export function changedFields(before: JsonObject, after: JsonObject): string[] {
  const found: string[] = [];
  collect(before, after, '', 0, found);
  return found;
}

function collect(before: JsonObject, after: JsonObject, at: string, depth: number, found: string[]): void {
  const compare = (name: string, one: Json | undefined, other: Json | undefined): void => {
    if (one === other || (depth === 0 && UNNAMED.includes(name))) return;
    const path = shorten(at === '' ? name : `${at}.${name}`, PATH_CHARS);
    if (depth < DEPTH_MAX && isJsonObject(one) && isJsonObject(other)) collect(one, other, path, depth + 1, found);
    else if (!isDeepStrictEqual(one, other)) found.push(path);
  };
  for (const name of Object.keys(before)) {
    if (found.length >= FIELDS_MAX) return;
    compare(name, before[name], own(after, name));
  }
  for (const name of Object.keys(after)) {
    if (found.length >= FIELDS_MAX) return;
    if (!Object.hasOwn(before, name)) compare(name, undefined, after[name]);
  }
}

/** Ignores inherited properties: a field may be called `constructor`. */
const own = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined;
