/** Lists: pages (RFC 8288), projections, filters (contract 3). */
import Type, { Compile, type TObject, type TOptional, type TString } from '#typebox';
import { requestError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { comparePlaces, type Place } from '../store/store.ts';
import { type ApiContext, replyJsonText } from './context.ts';

/** Items of a page. */
export const LIMIT_MAX = 1000;
const Limit = Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_MAX, description: 'Items of a page.' });
/** What every list takes. */
export const PageQuery = Type.Object({
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Type.String({ description: 'From the `next` link of the page before.' })),
});
/** What everything takes that replies a record, or several. */
export const ProjectionQuery = Type.Object({
  include: Type.Optional(Type.String({ description: 'Fields to reply, with commas between, in dot notation.' })),
  exclude: Type.Optional(Type.String({ description: 'Fields to leave out; not together with `include`.' })),
});
const validLimit = Compile(Limit);
/** Of a page as JSON: one of large items ends earlier, and says where the next begins. */
const PAGE_CHARS = 16 * 1024 * 1024;
/** Of a parameter that is named in an error. */
const NAME_CHARS = 100;
const cursorValue = Compile(Type.Tuple([Type.String(), Type.String()]));

/** What a list shows, sorted, from after a place on; earlier ones are passed over. */
export type Source<T> = (after: Place | undefined) => AsyncIterable<T> | Iterable<T>;

function badQuery(message: string): Error {
  return requestError('invalid_query_params', { message });
}

/** A query parameter that is given at most once. */
export function queryOf(ctx: ApiContext, name: string): string | undefined {
  const value = ctx.query[name];
  if (Array.isArray(value)) throw badQuery(`${name} is given more than once`);
  return value;
}

export type Filters = TObject<Record<string, TOptional<TString>>>;

/** Query parameters that name a value of a field. */
export function filters(...names: readonly string[]): Filters {
  const only = (name: string) => Type.Optional(Type.String({ description: `Only with this \`${name}\`.` }));
  return Type.Object(Object.fromEntries(names.map((name) => [name, only(name)])));
}

/** Whether a record has the values that the query names for these fields. */
export function filtersOf(ctx: ApiContext, { properties }: Filters): (record: JsonObject) => boolean {
  const wanted = Object.keys(properties)
    .map((name) => [name, queryOf(ctx, name)] as const)
    .filter(([, value]) => value !== undefined);
  return (record) => wanted.every(([name, value]) => record[name] === value);
}

function limitOf(ctx: ApiContext): number {
  const text = queryOf(ctx, 'limit');
  if (text === undefined) return LIMIT_MAX;
  const limit: unknown = /^\d{1,4}$/.test(text) ? Number(text) : text;
  if (validLimit.Check(limit)) return limit;
  throw badQuery(`limit is a whole number from 1 to ${LIMIT_MAX}`);
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

/** @throws RequestError for a parameter that the list does not take: a misspelt filter would filter nothing */
function assertKnownParameters(ctx: ApiContext, filters: Filters | undefined): void {
  const known = [PageQuery, ProjectionQuery, filters].flatMap((query) => Object.keys(query?.properties ?? {}));
  const unknown = Object.keys(ctx.query).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const shown = JSON.stringify(unknown.slice(0, NAME_CHARS));
  throw badQuery(`There is no query parameter ${shown} here: this list takes ${known.join(', ')}.`);
}

export interface ListOptions<T> {
  readonly source: Source<T>;
  /** What the list is sorted by. */
  readonly placeOf: (item: T) => Place;
  readonly show: (item: T) => JsonObject;
  /** Whether an item belongs to the list; all, if not given. */
  readonly matches?: (item: T) => boolean;
  /** Query parameters of this list beside those of all lists. */
  readonly filters?: Filters;
  readonly publicUrl: string;
}

/** Replies one page of a list. No more of it is looked at than the page needs. */
export async function replyList<T>(ctx: ApiContext, options: ListOptions<T>): Promise<void> {
  const { source, placeOf, show, matches = () => true, publicUrl } = options;
  assertKnownParameters(ctx, options.filters);
  const limit = limitOf(ctx);
  const cursor = cursorOf(ctx);
  const project = projectionOf(ctx);
  const page: string[] = [];
  let chars = 0;
  let last: Place | undefined;
  for await (const item of source(cursor)) {
    const place = placeOf(item);
    if ((cursor && comparePlaces(place, cursor) <= 0) || !matches(item)) continue;
    if (last && (page.length === limit || chars >= PAGE_CHARS)) {
      ctx.set('Link', nextLink(ctx, last, publicUrl));
      break;
    }
    const text = JSON.stringify(project(show(item)));
    chars += text.length;
    page.push(text);
    last = place;
  }
  replyJsonText(ctx, `[${page.join(',')}]`);
}

function nextLink(ctx: ApiContext, last: Place, publicUrl: string): string {
  // A request may name its target with a scheme and a host of its own (RFC 9112, 3.2.2).
  const { pathname, search } = new URL(ctx.originalUrl, publicUrl);
  const next = new URL(publicUrl + pathname + search);
  next.searchParams.set('cursor', Buffer.from(JSON.stringify(last)).toString('base64url'));
  return `<${next.href}>; rel="next"`;
}

/** `include` or `exclude`: comma lists of fields in dot notation. The id is always there. */
export function projectionOf(ctx: ApiContext): (record: JsonObject) => JsonObject {
  const include = queryOf(ctx, 'include');
  const exclude = queryOf(ctx, 'exclude');
  if (include !== undefined && exclude !== undefined) throw badQuery('include and exclude exclude each other');
  if (include !== undefined) {
    const wanted = fieldsOf(`_id,${include}`);
    return (record) => included(record, wanted);
  }
  if (exclude !== undefined) {
    const unwanted = fieldsOf(exclude);
    unwanted.delete('_id');
    return (record) => excluded(record, unwanted);
  }
  return (record) => record;
}

/** Fields by their names; `null` for a whole one, or those below it. */
type Fields = Map<string, Fields | null>;

function fieldsOf(list: string): Fields {
  const root: Fields = new Map();
  for (const path of list.split(',').map((each) => each.trim())) if (path !== '') addField(root, path.split('.'));
  return root;
}

function addField(fields: Fields, [name = '', ...rest]: readonly string[]): void {
  const known = fields.get(name);
  if (known === null) return;
  if (rest.length === 0) {
    fields.set(name, null);
    return;
  }
  const below = known ?? new Map();
  fields.set(name, below);
  addField(below, rest);
}

function included(record: JsonObject, fields: Fields): JsonObject {
  const entries = Object.entries(record).flatMap(([name, value]): [string, Json][] => {
    const below = fields.get(name);
    if (below === undefined) return [];
    if (below === null) return [[name, value]];
    return isJsonObject(value) ? [[name, included(value, below)]] : [];
  });
  return Object.fromEntries(entries);
}

function excluded(record: JsonObject, fields: Fields): JsonObject {
  const entries = Object.entries(record).flatMap(([name, value]): [string, Json][] => {
    const below = fields.get(name);
    if (below === null) return [];
    return [[name, below && isJsonObject(value) ? excluded(value, below) : value]];
  });
  return Object.fromEntries(entries);
}
