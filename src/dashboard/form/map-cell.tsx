import type { Json } from '../api/json.ts';
import { Choice } from './choice.tsx';
import { textOfValue } from './field.ts';
import type { MapColumn } from './static-map.ts';

interface MapCellProps {
  readonly id: string;
  readonly column: MapColumn;
  readonly label: string;
  readonly value: Json;
  readonly isInvalid: boolean;
  readonly isDisabled: boolean;
  onChange(value: Json): void;
}

export function MapCell({ id, column, label, value, isInvalid, isDisabled, onChange }: MapCellProps) {
  if (!column.options) {
    return (
      <input
        id={id}
        type="text"
        aria-label={label}
        aria-invalid={isInvalid}
        autoComplete="off"
        value={textOfValue(value)}
        disabled={isDisabled}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  // Keys of a map are texts, whatever its options are.
  const offered = column.options;
  const options = offered.map((option) => ({ ...option, value: String(option.value) }));
  return (
    <Choice
      id={id}
      label={label}
      options={options}
      value={value === null ? '' : String(value)}
      placeholder="Choose…"
      isInvalid={isInvalid}
      isDisabled={isDisabled}
      onChoose={(option) => onChange(offered.find(({ value: own }) => String(own) === option?.value)?.value ?? '')}
    />
  );
}
