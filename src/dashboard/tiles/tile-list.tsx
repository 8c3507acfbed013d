import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Tile } from '../api/types.ts';
import { pluralize } from '../app/format.ts';
import { useQuery } from '../app/use-query.ts';
import { filterTiles, noFilter, sortTiles } from './filter.ts';
import { moveFocus } from './move-focus.ts';
import { TileCard } from './tile.tsx';
import { Toolbar } from './toolbar.tsx';

/** Rendered at first; scrolling renders more. */
const FIRST_TILES = 60;

interface TileListProps {
  readonly tiles: readonly Tile[];
  /** Of connectors, by id. */
  readonly titles: ReadonlyMap<string, string>;
}

/** All integrations, with search, filters and order, which stand in the address. */
export function TileList({ tiles, titles }: TileListProps) {
  const [filter, setFilter] = useQuery(noFilter);
  const sorted = useMemo(() => sortTiles(tiles, filter.sort), [tiles, filter.sort]);
  const shown = useMemo(() => filterTiles(sorted, filter), [sorted, filter]);
  return (
    <section class="stack" aria-labelledby="integrations-title">
      <div class="row apart">
        <h2 id="integrations-title" class="section-title">
          Integrations
        </h2>
        <p class="muted small" role="status">
          {shown.length === tiles.length
            ? pluralize(tiles.length, 'integration')
            : `${shown.length} of ${pluralize(tiles.length, 'integration')}`}
        </p>
      </div>
      <Toolbar filter={filter} tiles={tiles} titles={titles} onFilter={setFilter} />
      {shown.length === 0 ? (
        <div class="empty card">
          <p>No integration matches.</p>
          <button type="button" class="button" onClick={() => setFilter({ ...noFilter, sort: filter.sort })}>
            Clear filters
          </button>
        </div>
      ) : (
        <TileGrid tiles={shown} titles={titles} />
      )}
    </section>
  );
}

/** Reuses unchanged tiles, and renders those far below only when they come near. */
function TileGrid({ tiles, titles }: TileListProps) {
  const [limit, setLimit] = useState(FIRST_TILES);
  const end = useRef<HTMLDivElement>(null);
  const rendered = useRef(new Map<string, { text: string; node: preact.JSX.Element }>());
  useEffect(() => {
    if (!end.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setLimit((before) => before + FIRST_TILES);
      },
      { rootMargin: '1200px' },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [limit, tiles]);
  const nodeOf = (tile: Tile): preact.JSX.Element => {
    const connector = tile._connectorId === undefined ? undefined : titles.get(tile._connectorId);
    const text = JSON.stringify([tile, connector]);
    const cached = rendered.current.get(tile._integrationId);
    if (cached?.text === text) return cached.node;
    const node = <TileCard key={tile._integrationId} tile={tile} connector={connector} />;
    rendered.current.set(tile._integrationId, { text, node });
    return node;
  };
  return (
    <>
      <ul class="tiles" aria-label="Integrations" onKeyDown={moveFocus}>
        {tiles.slice(0, limit).map(nodeOf)}
      </ul>
      {limit < tiles.length && <div ref={end} class="more" />}
    </>
  );
}
