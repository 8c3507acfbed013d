import { useRef, useState } from 'preact/hooks';
import { formatValue } from './field.ts';
import type { ControlProps } from './form-context.ts';
import { MapCell } from './map-cell.tsx';
import { MapFallback } from './map-fallback.tsx';
import { RefreshButton } from './refresh-button.tsx';
import { isSameMap, type MapRow, readMap, type StaticMap, validateMap, writeMap } from './static-map.ts';

/** Rows shown at first. */
const INITIAL_ROWS = 100;

/** The editable part of a map. */
type EditableMap = Pick<StaticMap, 'rows' | 'unmatched' | 'defaultValue'>;

/** `staticMapWidget`: maps values of one application to values of another. */
export function MapControl(props: ControlProps) {
  const { field, value, typed, id, labelId, describedBy, isInvalid, isDisabled, onChange } = props;
  const [edited, setEdited] = useState(typed === undefined ? undefined : { map: typed as EditableMap, value });
  const [limit, setLimit] = useState(INITIAL_ROWS);
  const table = useRef<HTMLDivElement>(null);
  const stored = readMap(field.raw, value) ?? readMap(field.raw);
  if (!stored) return null;
  // Show edits as typed, incomplete rows included, until a different value arrives.
  const map: StaticMap = edited && isSameMap(field.raw, edited.value, value) ? { ...stored, ...edited.map } : stored;

  const update = (next: StaticMap): void => {
    const problem = validateMap(next);
    const written = problem === undefined ? writeMap(field.raw, next, value) : value;
    const { rows, unmatched, defaultValue } = next;
    const editable: EditableMap = { rows, unmatched, defaultValue };
    setEdited({ map: editable, value: written });
    onChange(written, problem === undefined ? undefined : { problem, typed: editable });
  };
  const setRow = (index: number, row: MapRow): void => update({ ...map, rows: map.rows.with(index, row) });
  const add = (): void => {
    update({ ...map, rows: [...map.rows, { cells: map.columns.map(() => '') }] });
    setLimit((before) => Math.max(before, map.rows.length + 1));
    focusAfterRender(() => table.current?.querySelector<HTMLElement>('.map-row:last-of-type :is(input, select)'));
  };
  const remove = (index: number): void => {
    update({ ...map, rows: map.rows.toSpliced(index, 1) });
    focusAfterRender(() => table.current?.parentElement?.querySelector<HTMLElement>('.map-add'));
  };
  const isEmpty = map.rows.length === 0;
  return (
    <fieldset class="map-control" aria-labelledby={labelId} aria-describedby={describedBy}>
      {!isEmpty && (
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
                  isInvalid={isInvalid && formatValue(row.cells[i]) === ''}
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
          Add row
        </button>
        {isEmpty && <span class="hint">No rows yet</span>}
      </div>
      {map.unmatched !== undefined && (
        <MapFallback
          id={`${id}-fallback`}
          map={{ ...map, unmatched: map.unmatched }}
          isDisabled={isDisabled}
          onChange={update}
        />
      )}
    </fieldset>
  );
}

/** Focuses after the next paint. */
function focusAfterRender(find: () => HTMLElement | null | undefined): void {
  requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()));
}
