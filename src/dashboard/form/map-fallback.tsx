import { MapCell } from './map-cell.tsx';
import type { StaticMap, Unmatched } from './static-map.ts';

const FALLBACKS: readonly (readonly [Unmatched, string])[] = [
  ['fail', 'Fails'],
  ['default', 'Becomes this value'],
  ['empty', 'Becomes an empty string'],
  ['null', 'Becomes null'],
];

type MapWithFallback = StaticMap & { readonly unmatched: Unmatched };

/** Chooses what happens to values that are not in the map. */
export function MapFallback(props: {
  id: string;
  map: MapWithFallback;
  isDisabled: boolean;
  onChange(map: StaticMap): void;
}) {
  const { id, map, isDisabled, onChange } = props;
  const column = map.columns[1];
  return (
    <div class="map-fallback">
      <label for={id} class="small muted">
        Any other value
      </label>
      <div class="map-fallback-controls">
        <select
          id={id}
          disabled={isDisabled}
          value={map.unmatched}
          onChange={(event) => {
            const choice = FALLBACKS.find(([key]) => key === event.currentTarget.value);
            if (choice) onChange({ ...map, unmatched: choice[0] });
          }}
        >
          {FALLBACKS.map(([key, label]) => (
            <option key={key} value={key}>
              {label}
            </option>
          ))}
        </select>
        {map.unmatched === 'default' && column && (
          <MapCell
            id={`${id}-default`}
            column={column}
            label="Default value"
            value={map.defaultValue}
            isInvalid={false}
            isDisabled={isDisabled}
            onChange={(value) => onChange({ ...map, defaultValue: String(value ?? '') })}
          />
        )}
      </div>
    </div>
  );
}
