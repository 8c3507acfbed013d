/** Lists: pages (RFC 8288), projections, filters (contract 3). */
import { setImmediate as nextTurn } from 'node:timers/promises';
import Type, { Compile, type TObject, type TOptional, type TString } from '#typebox';
import type { JsonObject } from '../json.ts';
import { comparePlaces, type Place } from '../store/store.ts';
import { type ApiContext, replyJsonText } from './context.ts';
import { projectionOf } from './projection.ts';
import { badQuery, queryOf } from './query.ts';

/** Items of a page. */
export const LIMIT_MAX = 1000;
const Limit = Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_MAX, description: 'Items of a page.' });
/** What every list takes. */
export const PageQuery = Type.Object({
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Type.String({ description: 'From the `next` link of the page before.' })),
});
const validLimit = Compile(Limit);
/** Of a page as JSON: one of large items ends earlier, and says where the next begins. */
const PAGE_CHARS = 4 * 1024 * 1024;
/** To look at items and to write them takes a while: others have their turn this often. */
const SLICE_MS = 5;
const cursorValue = Compile(Type.Tuple([Type.String(), Type.String()]));

/** What a list shows, sorted, from after a place on; earlier ones are passed over. */
export type Source<T> = (after: Place | undefined) => AsyncIterable<T> | Iterable<T>;

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

/** Lets others have their turn when it has been a while since it was asked last. */
export function givingWay(): () => Promise<void> | undefined {
  let sliceAt = performance.now();
  return () => {
    if (performance.now() - sliceAt < SLICE_MS) return undefined;
    return nextTurn().then(() => {
      sliceAt = performance.now();
    });
  };
}

export interface ListOptions<T> {
  readonly source: Source<T>;
  /** What the list is sorted by. */
  readonly placeOf: (item: T) => Place;
  readonly show: (item: T) => JsonObject;
  /** Whether an item belongs to the list; all, if not given. */
  readonly matches?: (item: T) => boolean;
  readonly publicUrl: string;
}

/** Replies one page of a list. No more of it is looked at than the page needs. */
export async function replyList<T>(ctx: ApiContext, options: ListOptions<T>): Promise<void> {
  const { source, placeOf, show, matches = () => true, publicUrl } = options;
  const limit = limitOf(ctx);
  const cursor = cursorOf(ctx);
  const project = projectionOf(ctx);
  const page: string[] = [];
  let chars = 0;
  let last: Place | undefined;
  const giveWay = givingWay();
  for await (const item of source(cursor)) {
    await giveWay();
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
