/** Lists: pages (RFC 8288), projections, filters (contract 3). */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { requestError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { ApiContext } from './context.ts';

const LIMIT_MAX = 1000;
const cursorValue = Compile(Type.Tuple([Type.String(), Type.String()]));

/** A place in a list, whether what stood there is still there or not; lists are sorted by it. */
export type Place = readonly [string, string];

const placeByAge = ({ createdAt, _id }: JsonObject): Place => [String(createdAt), String(_id)];

function badQuery(message: string): Error {
  return requestError('invalid_query_params', { message });
}

/** A query parameter that is given at most once. */
export function queryOf(ctx: ApiContext, name: string): string | undefined {
  const value = ctx.query[name];
  if (Array.isArray(value)) throw badQuery(`${name} is given more than once`);
  return value;
}

function limitOf(ctx: ApiContext): number {
  const text = queryOf(ctx, 'limit');
  if (text === undefined) return LIMIT_MAX;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LIMIT_MAX) throw badQuery(`limit is a whole number from 1 to ${LIMIT_MAX}`);
  return limit;
}

function cursorOf(ctx: ApiContext): Place | undefined {
  const text = queryOf(ctx, 'cursor');
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (cursorValue.Check(value)) return value as unknown as Place;
  } catch {
    // Not one of ours.
  }
  throw badQuery('cursor is not one that this server has given');
}

/**
 * Replies one page of a list.
 *
 * @param placeOf what the list is sorted by; age, if not given
 */
export function replyList<T extends JsonObject>(
  ctx: ApiContext,
  records: readonly T[],
  publicUrl: string,
  placeOf: (record: T) => Place = placeByAge,
): void {
  const limit = limitOf(ctx);
  const cursor = cursorOf(ctx);
  const project = projectionOf(ctx);
  const isAfter = (record: T): boolean => {
    const [place, id] = placeOf(record);
    return cursor === undefined || place > cursor[0] || (place === cursor[0] && id > cursor[1]);
  };
  const rest = cursor ? records.filter(isAfter) : records;
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  if (last && rest.length > page.length) {
    // A request may name its target with a scheme and a host of its own (RFC 9112, 3.2.2).
    const { pathname, search } = new URL(ctx.originalUrl, publicUrl);
    const next = new URL(publicUrl + pathname + search);
    next.searchParams.set('cursor', Buffer.from(JSON.stringify(placeOf(last))).toString('base64url'));
    ctx.set('Link', `<${next.href}>; rel="next"`);
  }
  ctx.body = page.map(project);
}

/** `include` or `exclude`: comma lists of fields in dot notation. The id is always there. */
export function projectionOf(ctx: ApiContext): (record: JsonObject) => JsonObject {
  const include = queryOf(ctx, 'include');
  const exclude = queryOf(ctx, 'exclude');
  if (include !== undefined && exclude !== undefined) throw badQuery('include and exclude exclude each other');
  const paths = (text: string): string[][] =>
    text
      .split(',')
      .map((path) => path.trim())
      .filter((path) => path !== '')
      .map((path) => path.split('.'));
  if (include !== undefined) {
    const wanted = paths(include);
    return (record) => included(record, [['_id'], ...wanted]);
  }
  if (exclude !== undefined) {
    const unwanted = paths(exclude).filter((path) => path[0] !== '_id');
    return (record) => excluded(record, unwanted);
  }
  return (record) => record;
}

/** The paths below a key, or nothing if the key itself is named. */
function below(paths: readonly string[][], key: string): string[][] | undefined {
  const here = paths.filter(([first]) => first === key);
  return here.some((path) => path.length === 1) ? undefined : here.map((path) => path.slice(1));
}

function included(record: JsonObject, paths: readonly string[][]): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(record)) {
    if (!paths.some(([first]) => first === key)) continue;
    const inner = below(paths, key);
    if (inner === undefined) result[key] = value;
    else if (isJsonObject(value)) result[key] = included(value, inner);
  }
  return result;
}

function excluded(record: JsonObject, paths: readonly string[][]): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, value] of Object.entries(record)) {
    const inner = below(paths, key);
    if (inner === undefined) continue;
    result[key] = inner.length > 0 && isJsonObject(value) ? excluded(value, inner) : value;
  }
  return result;
}
