import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Connector, Tile } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.tsx';
import { useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { filterTiles, type TileFilter } from './filter.ts';
import { moveFocus } from './move-focus.ts';
import { TileCard } from './tile.tsx';
import { TilesEmpty } from './tiles-empty.tsx';
import { Toolbar } from './toolbar.tsx';

const noFilter: TileFilter = { search: '', connector: '', state: '', sort: 'name' };
/** Rendered at first; scrolling renders more. */
const FIRST_TILES = 60;

export function TilesPage() {
  useTitle('Integrations');
  const [filter, setFilter] = useState(noFilter);
  const tiles = useResource<readonly Tile[]>({
    key: 'tiles',
    load: (client, signal) => client.list<Tile>('/tiles', undefined, signal),
    isAffected: ({ type }) => /^(?:run\.(?:started|ended)|integration\.|connector\.)/.test(type),
    minIntervalMs: 400,
  });
  const connectors = useResource<readonly Connector[]>({
    key: 'connectors',
    load: (client, signal) => client.list<Connector>('/connectors', undefined, signal),
    isAffected: ({ type }) => type.startsWith('connector.'),
  });
  const titles = useMemo(() => new Map(connectors.value?.map(({ _id, title }) => [_id, title])), [connectors.value]);
  const shown = useMemo(() => filterTiles(tiles.value ?? [], filter), [tiles.value, filter]);
  const { value } = tiles;
  if (!value)
    return tiles.error ? <ErrorNotice error={tiles.error} title="Could not load the integrations." /> : <Loading />;
  if (value.length === 0) return <TilesEmpty connectors={connectors.value} />;
  return (
    <div class="stack">
      <div class="row apart">
        <h1>Integrations</h1>
        <a class="button primary" href="#/connectors">
          Install a connector
        </a>
      </div>
      <Toolbar filter={filter} tiles={value} titles={titles} onFilter={setFilter} />
      <p class="muted small" role="status">
        {shown.length === value.length
          ? pluralize(value.length, 'integration')
          : `${shown.length} of ${pluralize(value.length, 'integration')}`}
      </p>
      {shown.length === 0 ? (
        <div class="empty">
          <p>No matches.</p>
          <button type="button" class="button" onClick={() => setFilter({ ...noFilter, sort: filter.sort })}>
            Clear filters
          </button>
        </div>
      ) : (
        <TileGrid tiles={shown} titles={titles} />
      )}
    </div>
  );
}

interface TileGridProps {
  readonly tiles: readonly Tile[];
  readonly titles: ReadonlyMap<string, string>;
}

/** Reuses unchanged tiles, and renders those far below only when they come near. */
function TileGrid({ tiles, titles }: TileGridProps) {
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

function Loading() {
  return (
    <p class="empty muted" role="status">
      Loading integrations…
    </p>
  );
}
