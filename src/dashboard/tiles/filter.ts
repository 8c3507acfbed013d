/** Filters and sorts tiles. Pure. */
import type { Tile } from '../api/types.ts';
import { matcherOf, normalize } from '../app/search-text.ts';
import { isInState } from './state.ts';

export const sorts = { name: 'Name', newest: 'Newest first', lastRun: 'Last run' } as const;
export type Sort = keyof typeof sorts;

/** As in the address. */
export interface TileFilter extends Readonly<Record<string, string>> {
  readonly search: string;
  /** A connector's id; '' for all. */
  readonly connector: string;
  /** A state or a condition; '' for all. */
  readonly state: string;
  /** A `Sort`; another is by name. */
  readonly sort: string;
}

export const noFilter: TileFilter = { search: '', connector: '', state: '', sort: 'name' };

/** A tile with what it is searched by. */
export interface SearchableTile {
  readonly tile: Tile;
  readonly text: string;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** In the order of the list. Sorting ten thousand takes longer than a letter of a search may. */
export function sortTiles(tiles: readonly Tile[], sort: string): readonly SearchableTile[] {
  const order = orders[Object.hasOwn(orders, sort) ? (sort as Sort) : 'name'];
  return tiles.toSorted(order).map((tile) => ({ tile, text: normalize(`${tile.name} ${tile.tag ?? ''}`) }));
}

/** Keeps the order. */
export function filterTiles(sorted: readonly SearchableTile[], filter: TileFilter): readonly Tile[] {
  const matches = matcherOf(filter.search);
  return sorted
    .filter(
      ({ tile, text }) =>
        (filter.connector === '' || tile._connectorId === filter.connector) &&
        isInState(tile, filter.state) &&
        matches(text, tile._integrationId),
    )
    .map(({ tile }) => tile);
}

const byName = (a: Tile, b: Tile): number =>
  collator.compare(a.name, b.name) || collator.compare(a.tag ?? '', b.tag ?? '') || byAge(a, b);
/** Ids are ascending. */
const byAge = (a: Tile, b: Tile): number => (a._integrationId < b._integrationId ? -1 : 1);
const startOf = ({ lastRun }: Tile): string => lastRun?.startedAt ?? '';

const orders: Readonly<Record<Sort, (a: Tile, b: Tile) => number>> = {
  name: byName,
  newest: (a, b) => byAge(b, a),
  lastRun: (a, b) => (startOf(a) === startOf(b) ? byName(a, b) : startOf(a) < startOf(b) ? 1 : -1),
};
