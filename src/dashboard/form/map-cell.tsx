import type { Json } from '../api/json.ts';
import { Choice } from './choice.tsx';
import { formatValue } from './field.ts';
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
  const { options } = column;
  if (!options) {
    return (
      <input
        id={id}
        type="text"
        aria-label={label}
        aria-invalid={isInvalid}
        autoComplete="off"
        value={formatValue(value)}
        disabled={isDisabled}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  // The keys of a map are strings, whatever type its options have.
  const textOptions = options.map((option) => ({ ...option, value: String(option.value) }));
  return (
    <Choice
      id={id}
      label={label}
      options={textOptions}
      value={value === null ? '' : String(value)}
      placeholder="Choose…"
      isInvalid={isInvalid}
      isDisabled={isDisabled}
      onChoose={(option) => onChange(options.find(({ value: own }) => String(own) === option?.value)?.value ?? '')}
    />
  );
}
