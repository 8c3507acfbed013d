/** Parses JSON from outside. Checks its depth and size before parsing. Pure. */
import { isUtf8 } from 'node:buffer';
import { hasMoreItems, hasMoreParts, nestsDeeper } from '../sandbox/index.ts';
import { requestError } from './errors.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** Deeper than anything stored. Parsing a million levels takes seconds. */
const DEPTH_LIMIT = 10_000;

export interface BodyLimits {
  /** Arrays, objects and names. */
  readonly parts: number;
  /** Items of arrays and members of objects. */
  readonly items: number;
}

/** Bodies sent by runs. */
export const runBodyLimits: BodyLimits = Object.freeze({ parts: 100_000, items: 500_000 });
/** Bodies sent by users, and documents. The most that fits into the memory of a pool thread. */
export const userBodyLimits: BodyLimits = Object.freeze({ parts: 2_000_000, items: 5_000_000 });

/** @throws RequestError `invalid_json`, or `invalid_field` if a limit is exceeded */
export function parseBody(bytes: Uint8Array, limits: BodyLimits): Json {
  return parseJson(textOf(bytes), limits);
}

/** The same for a string. */
export function parseJson(text: string, { parts, items }: BodyLimits): Json {
  if (nestsDeeper(text, DEPTH_LIMIT)) {
    throw requestError('invalid_field', { field: '', message: `The JSON nests deeper than ${DEPTH_LIMIT} levels.` });
  }
  if (hasMoreParts(text, parts)) {
    throw requestError('invalid_field', {
      field: '',
      message: `The JSON has more than ${parts} arrays, objects and names.`,
    });
  }
  if (hasMoreItems(text, items)) {
    throw requestError('invalid_field', { field: '', message: `The JSON has more than ${items} items and members.` });
  }
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw requestError('invalid_json');
  }
}

/** @throws RequestError `invalid_field` */
export function objectOf(value: Json): JsonObject {
  if (isJsonObject(value)) return value;
  throw requestError('invalid_field', { field: '', message: 'The body must be a JSON object.' });
}

/** Decodes a body. @throws RequestError `invalid_json` if it is not UTF-8 */
export function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw requestError('invalid_json', { message: 'The body is not UTF-8.' });
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  // Ignore a byte order mark, which some editors and shells add (RFC 8259, 8.1).
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
