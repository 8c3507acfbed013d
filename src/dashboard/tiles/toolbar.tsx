import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Tile } from '../api/types.ts';
import { sorts, type TileFilter } from './filter.ts';
import { conditionNames, stateNames } from './state.ts';

interface ToolbarProps {
  readonly filter: TileFilter;
  readonly tiles: readonly Tile[];
  readonly titles: ReadonlyMap<string, string>;
  readonly onFilter: (change: Partial<TileFilter>) => void;
}

/** Search, filters and sort order of the tiles. `/` focuses the search. */
export function Toolbar({ filter, tiles, titles, onFilter }: ToolbarProps) {
  const search = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.closest('input, textarea, select, dialog');
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      search.current?.focus();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  const connectors = useMemo(() => {
    const ids = new Set(tiles.flatMap(({ _connectorId }) => _connectorId ?? []));
    return [...ids]
      .map((id) => [id, titles.get(id) ?? `Missing connector ${id}`] as const)
      .sort(([, a], [, b]) => a.localeCompare(b));
  }, [tiles, titles]);
  return (
    <search class="toolbar">
      <label class="field grow">
        <span class="label">Search</span>
        <input
          ref={search}
          type="search"
          placeholder="Name or tag"
          value={filter.search}
          onInput={({ currentTarget }) => onFilter({ search: currentTarget.value })}
        />
      </label>
      <label class="field">
        <span class="label">Connector</span>
        <select value={filter.connector} onChange={({ currentTarget }) => onFilter({ connector: currentTarget.value })}>
          <option value="">All</option>
          {connectors.map(([id, title]) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="label">State</span>
        <select value={filter.state} onChange={({ currentTarget }) => onFilter({ state: currentTarget.value })}>
          <option value="">All</option>
          {Object.entries({ ...stateNames, ...conditionNames }).map(([state, name]) => (
            <option key={state} value={state}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="label">Sort by</span>
        <select value={filter.sort} onChange={({ currentTarget }) => onFilter({ sort: currentTarget.value })}>
          {Object.entries(sorts).map(([sort, name]) => (
            <option key={sort} value={sort}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </search>
  );
}
