/** Lists: pages (RFC 8288), projections, filters (contract 3). */
import Type, { Compile, type TObject } from '#typebox';
import { didYouMean } from '../did-you-mean.ts';
import type { JsonObject } from '../json.ts';
import { type Projection, project } from '../projection.ts';
import { concatPieces } from '../store/document.ts';
import { compareSortKeys, type SortKey } from '../store/store.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { type ApiContext, replyJsonText } from './context.ts';
import { ProjectionQuery, projectionOf } from './projection.ts';
import { badQuery, queryOf } from './query.ts';

/** Items on a page. */
export const LIMIT_MAX = 1000;
const Limit = Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_MAX, description: 'Items per page.' });
/** Query of every list. */
export const PageQuery = Type.Object({
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Type.String({ description: 'Taken from the `next` link of the previous page.' })),
});
const validLimit = Compile(Limit);
/** A page of large items ends here, before its limit, with a link to the next. */
const PAGE_CHARS = 4 * 1024 * 1024;
/** Characters of an unknown parameter's name in an error message. */
const NAME_CHARS = 100;
const cursorValue = Compile(Type.Tuple([Type.String(), Type.String()]));

/**
 * A list's items in order, starting after a sort key. May also yield earlier items, which are skipped.
 *
 * @param count items that the page reads if all match: one more than it shows
 */
export type Source<T> = (after: SortKey | undefined, count: number) => AsyncIterable<T> | Iterable<T>;

/** Query parameters that filter by a field's value. */
export function filters(...names: readonly string[]): TObject {
  const only = (name: string) => Type.Optional(Type.String({ description: `Only items with this \`${name}\`.` }));
  return Type.Object(Object.fromEntries(names.map((name) => [name, only(name)])));
}

/** The query parameters that the route takes. */
const parametersOf = ({ state: { route } }: ApiContext): string[] =>
  (route?.query ?? []).flatMap(({ properties }) => Object.keys(properties));

/** Whether a record has the values that the query asks for, in the route's filters. */
export function filterOf(ctx: ApiContext): (record: JsonObject) => boolean {
  const filters = parametersOf(ctx).filter(
    (name) => !(name in PageQuery.properties || name in ProjectionQuery.properties),
  );
  const values = filters.flatMap((name) => {
    const value = queryOf(ctx, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return (record) => values.every(([name, value]) => record[name] === value);
}

function limitOf(ctx: ApiContext): number {
  const text = queryOf(ctx, 'limit');
  if (text === undefined) return LIMIT_MAX;
  const limit: unknown = /^\d{1,4}$/.test(text) ? Number(text) : text;
  if (validLimit.Check(limit)) return limit;
  throw badQuery(`limit must be an integer from 1 to ${LIMIT_MAX}`);
}

function cursorOf(ctx: ApiContext): SortKey | undefined {
  const text = queryOf(ctx, 'cursor');
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (cursorValue.Check(value)) return value as unknown as SortKey;
  } catch {
    // Not one of our cursors.
  }
  throw badQuery('cursor was not made by this server');
}

type Text = string | Buffer;

/** A value as JSON, or the requested part of it. */
export const asText = (value: JsonObject, projection: Projection | undefined): string =>
  JSON.stringify(project(value, projection));

/** @throws RequestError for an unknown parameter: a misspelt filter would have no effect */
function assertKnownParameters(ctx: ApiContext): void {
  const known = parametersOf(ctx);
  const unknown = Object.keys(ctx.query).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const shown = JSON.stringify(unknown.slice(0, NAME_CHARS)) + (didYouMean(unknown, known) || '.');
  throw badQuery(`There is no query parameter ${shown} This list supports ${known.join(', ')}.`);
}

export interface ListOptions<T> {
  readonly source: Source<T>;
  readonly sortKeyOf: (item: T) => SortKey;
  /** Gives an item's JSON. */
  readonly show: (item: T, projection: Projection | undefined) => Text | Promise<Text>;
  /** Whether an item belongs to the list. Default: all do. */
  readonly matches?: (item: T) => boolean;
  /** Items scanned per page. A page may have fewer items than its limit, or none, and still link to the next. */
  readonly scanMax?: number;
  /** Lists the newest items first. */
  readonly isDescending?: boolean;
  readonly publicUrl: string;
}

/** Replies one page of a list. Reads no more items than the page needs. */
export async function replyList<T>(ctx: ApiContext, options: ListOptions<T>): Promise<void> {
  const { source, sortKeyOf, show, matches = () => true, isDescending = false, publicUrl } = options;
  const { scanMax = Number.POSITIVE_INFINITY } = options;
  const isShown = (sortKey: SortKey): boolean =>
    !cursor || (isDescending ? compareSortKeys(sortKey, cursor) < 0 : compareSortKeys(sortKey, cursor) > 0);
  assertKnownParameters(ctx);
  const limit = limitOf(ctx);
  const cursor = cursorOf(ctx);
  const projection = projectionOf(ctx);
  const page: Text[] = [];
  const slice = new TimeSlice();
  let items = 0;
  let chars = 0;
  let last: SortKey | undefined;
  let scanned = 0;
  let lastScanned: SortKey | undefined;
  for await (const item of source(cursor, limit + 1)) {
    if (slice.isOver) await slice.next();
    const sortKey = sortKeyOf(item);
    if (!isShown(sortKey)) continue;
    if (lastScanned && scanned >= scanMax) {
      ctx.set('Link', nextLink(ctx, lastScanned, publicUrl));
      break;
    }
    scanned++;
    lastScanned = sortKey;
    if (!matches(item)) continue;
    if (last && (items === limit || chars >= PAGE_CHARS)) {
      ctx.set('Link', nextLink(ctx, last, publicUrl));
      break;
    }
    const shown = show(item, projection);
    const text = shown instanceof Promise ? await shown : shown;
    chars += text.length;
    page.push(last ? ',' : '[', text);
    last = sortKey;
    items++;
  }
  page.push(last ? ']' : '[]');
  replyJsonText(ctx, concatPieces(page));
}

function nextLink(ctx: ApiContext, last: SortKey, publicUrl: string): string {
  // A request target may be an absolute URL (RFC 9112, 3.2.2).
  const { pathname, search } = new URL(ctx.originalUrl, publicUrl);
  const next = new URL(publicUrl + pathname + search);
  next.searchParams.set('cursor', Buffer.from(JSON.stringify(last)).toString('base64url'));
  return `<${next.href}>; rel="next"`;
}
