import { useRef, useState } from 'preact/hooks';
import { textOfValue } from './field.ts';
import type { ControlProps } from './form-context.ts';
import { MapCell } from './map-cell.tsx';
import { MapTail } from './map-tail.tsx';
import { RefreshButton } from './refresh-button.tsx';
import { type MapRow, problemOfMap, readMap, type StaticMap, sameMap, writeMap } from './static-map.ts';

/** Longer maps are shown in parts. */
const SHOWN = 100;

/** What the user may change of it. */
type Typed = Pick<StaticMap, 'rows' | 'unmatched' | 'defaultValue'>;

/** `staticMapWidget`: what a value of one application is in the other. */
export function MapControl(props: ControlProps) {
  const { field, value, typed, id, labelId, describedBy, isInvalid, isDisabled, onChange } = props;
  const [own, setOwn] = useState(typed === undefined ? undefined : { map: typed as Typed, value });
  const [limit, setLimit] = useState(SHOWN);
  const table = useRef<HTMLDivElement>(null);
  const stored = readMap(field.raw, value) ?? readMap(field.raw);
  if (!stored) return null;
  // What is typed is shown as it is, with rows that are not filled in yet, until another value arrives.
  const map: StaticMap = own && sameMap(field.raw, own.value, value) ? { ...stored, ...own.map } : stored;

  const take = (next: StaticMap): void => {
    const problem = problemOfMap(next);
    const written = problem === undefined ? writeMap(field.raw, next, value) : value;
    const { rows, unmatched, defaultValue } = next;
    const now: Typed = { rows, unmatched, defaultValue };
    setOwn({ map: now, value: written });
    onChange(written, problem === undefined ? undefined : { problem, typed: now });
  };
  const setRow = (index: number, row: MapRow): void => take({ ...map, rows: map.rows.with(index, row) });
  const add = (): void => {
    take({ ...map, rows: [...map.rows, { cells: map.columns.map(() => '') }] });
    setLimit((before) => Math.max(before, map.rows.length + 1));
    focusLater(() => table.current?.querySelector<HTMLElement>('.map-row:last-of-type :is(input, select)'));
  };
  const remove = (index: number): void => {
    take({ ...map, rows: map.rows.toSpliced(index, 1) });
    focusLater(() => table.current?.parentElement?.querySelector<HTMLElement>('.map-add'));
  };
  const empty = map.rows.length === 0;
  return (
    <fieldset class="map-control" aria-labelledby={labelId} aria-describedby={describedBy}>
      {!empty && (
        <div ref={table} class="map-rows" data-columns={map.columns.length}>
          <div class="map-head">
            {map.columns.map((column) => (
              <div class="map-column" key={column.id}>
                <span class="small muted">{column.label}</span>
                {column.supportsRefresh && <RefreshButton field={field} list={column.id} label={column.label} />}
              </div>
            ))}
          </div>
          {map.rows.slice(0, limit).map((row, index) => (
            <div class="map-row" key={`${index}-${map.rows.length}`}>
              {map.columns.map((column, i) => (
                <MapCell
                  key={column.id}
                  id={`${id}-${index}-${i}`}
                  column={column}
                  label={`${column.label}, row ${index + 1}`}
                  value={row.cells[i] ?? ''}
                  isInvalid={isInvalid && textOfValue(row.cells[i]) === ''}
                  isDisabled={isDisabled}
                  onChange={(cell) => setRow(index, { ...row, cells: row.cells.with(i, cell) })}
                />
              ))}
              <button
                type="button"
                class="button quiet map-remove"
                disabled={isDisabled}
                aria-label={`Remove row ${index + 1}`}
                onClick={() => remove(index)}
              >
                <span aria-hidden="true">×</span>
              </button>
            </div>
          ))}
        </div>
      )}
      {map.rows.length > limit && (
        <button type="button" class="button quiet small" onClick={() => setLimit(map.rows.length)}>
          Show all {map.rows.length.toLocaleString('en')} rows
        </button>
      )}
      <div class="row">
        <button id={id} type="button" class="button small map-add" disabled={isDisabled} onClick={add}>
          Add a row
        </button>
        {empty && <span class="hint">Nothing is mapped yet</span>}
      </div>
      {map.unmatched !== undefined && (
        <MapTail id={`${id}-tail`} map={{ ...map, unmatched: map.unmatched }} isDisabled={isDisabled} onChange={take} />
      )}
    </fieldset>
  );
}

/** After the change is drawn. */
function focusLater(find: () => HTMLElement | null | undefined): void {
  requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()));
}
