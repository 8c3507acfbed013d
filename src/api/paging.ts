/** Lists: pages (RFC 8288), projections, filters (contract 3). */
import Type, { Compile, type TObject, type TOptional, type TString } from '#typebox';
import type { JsonObject } from '../json.ts';
import { type Projection, project } from '../projection.ts';
import { joined } from '../store/document.ts';
import { compareSortKeys, type SortKey } from '../store/store.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { type ApiContext, replyJsonText } from './context.ts';
import { ProjectionQuery, projectionOf } from './projection.ts';
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
/** Of a parameter that is named in an error. */
const NAME_CHARS = 100;
const cursorValue = Compile(Type.Tuple([Type.String(), Type.String()]));

/** What a list shows, sorted, from after a place on; earlier ones are passed over. */
export type Source<T> = (after: SortKey | undefined) => AsyncIterable<T> | Iterable<T>;

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

function cursorOf(ctx: ApiContext): SortKey | undefined {
  const text = queryOf(ctx, 'cursor');
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (cursorValue.Check(value)) return value as unknown as SortKey;
  } catch {
    // Not one of ours.
  }
  throw badQuery('cursor is not one that this server has given');
}

type Text = string | Buffer;

/** How a value is shown. */
export const asText = (value: JsonObject, projection: Projection | undefined): string =>
  JSON.stringify(project(value, projection));
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
  readonly sortKeyOf: (item: T) => SortKey;
  /** An item's JSON. */
  readonly show: (item: T, projection: Projection | undefined) => Text | Promise<Text>;
  /** Whether an item belongs to the list; all, if not given. */
  readonly matches?: (item: T) => boolean;
  /** Query parameters of this list beside those of all lists. */
  readonly filters?: Filters;
  readonly publicUrl: string;
}

/** Replies one page of a list. No more of it is looked at than the page needs. */
export async function replyList<T>(ctx: ApiContext, options: ListOptions<T>): Promise<void> {
  const { source, sortKeyOf, show, matches = () => true, publicUrl } = options;
  assertKnownParameters(ctx, options.filters);
  const limit = limitOf(ctx);
  const cursor = cursorOf(ctx);
  const projection = projectionOf(ctx);
  const page: Text[] = [];
  const slice = new TimeSlice();
  let items = 0;
  let chars = 0;
  let last: SortKey | undefined;
  for await (const item of source(cursor)) {
    if (slice.isOver) await slice.next();
    const place = sortKeyOf(item);
    if ((cursor && compareSortKeys(place, cursor) <= 0) || !matches(item)) continue;
    if (last && (items === limit || chars >= PAGE_CHARS)) {
      ctx.set('Link', nextLink(ctx, last, publicUrl));
      break;
    }
    const shown = show(item, projection);
    const text = shown instanceof Promise ? await shown : shown;
    chars += text.length;
    page.push(last ? ',' : '[', text);
    last = place;
    items++;
  }
  page.push(last ? ']' : '[]');
  replyJsonText(ctx, joined(page));
}

function nextLink(ctx: ApiContext, last: SortKey, publicUrl: string): string {
  // A request may name its target with a scheme and a host of its own (RFC 9112, 3.2.2).
  const { pathname, search } = new URL(ctx.originalUrl, publicUrl);
  const next = new URL(publicUrl + pathname + search);
  next.searchParams.set('cursor', Buffer.from(JSON.stringify(last)).toString('base64url'));
  return `<${next.href}>; rel="next"`;
}
