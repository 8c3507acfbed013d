/** Filters and sorts tiles. Pure. */
import type { Tile } from '../api/types.ts';
import { needsAttention, stateOf } from './state.ts';

export const sorts = { name: 'Name', newest: 'Newest first', lastRun: 'Last run' } as const;
export type Sort = keyof typeof sorts;

export interface TileFilter {
  readonly search: string;
  /** A connector's id; '' for all. */
  readonly connector: string;
  /** A state, `attention`, `update`; '' for all. */
  readonly state: string;
  readonly sort: Sort;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Drops case and accents: "munchen" finds "München". */
const normalize = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

export function filterTiles(tiles: readonly Tile[], filter: TileFilter): readonly Tile[] {
  const words = normalize(filter.search).split(/\s+/).filter(Boolean);
  const matches = tiles.filter((tile) => {
    if (filter.connector !== '' && tile._connectorId !== filter.connector) return false;
    if (!isInState(tile, filter.state)) return false;
    const text = normalize(`${tile.name} ${tile.tag ?? ''}`);
    return words.every((word) => text.includes(word) || isIdPart(word, tile._integrationId));
  });
  return matches.sort(orders[filter.sort]);
}

/** Ids are pasted whole. A short word would match too many. */
const isIdPart = (word: string, id: string): boolean => word.length >= 8 && id.startsWith(word);

function isInState(tile: Tile, state: string): boolean {
  if (state === '') return true;
  if (state === 'attention') return needsAttention(tile);
  if (state === 'update') return tile.update !== undefined;
  return stateOf(tile) === state;
}

const byName = (a: Tile, b: Tile): number =>
  collator.compare(a.name, b.name) || collator.compare(a.tag ?? '', b.tag ?? '') || byAge(a, b);
/** Ids are ascending. */
const byAge = (a: Tile, b: Tile): number => (a._integrationId < b._integrationId ? -1 : 1);

const orders: Readonly<Record<Sort, (a: Tile, b: Tile) => number>> = {
  name: byName,
  newest: (a, b) => byAge(b, a),
  lastRun: (a, b) => (b.lastRun?.startedAt ?? '').localeCompare(a.lastRun?.startedAt ?? '') || byName(a, b),
};
