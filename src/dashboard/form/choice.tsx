import type { Json } from '../api/json.ts';
import { Combobox } from './combobox.tsx';
import { type Option, plainValue, unlistedOption } from './options.ts';

/** Longer lists get a searchable combobox. */
export const COMBOBOX_FROM = 25;

interface Props {
  readonly id: string;
  readonly options: readonly Option[];
  readonly value: Json;
  readonly placeholder: string;
  readonly label?: string;
  readonly describedBy?: string | undefined;
  readonly isInvalid?: boolean;
  readonly isRequired?: boolean;
  readonly isDisabled?: boolean;
  /** @param option undefined if cleared */
  onChoose(option: Option | undefined): void;
}

/** Chooses one of several options. A value that is no longer offered stays visible. */
export function Choice({ options, value, onChoose, ...props }: Props) {
  const unlisted = unlistedOption(value, options);
  const all = unlisted ? [unlisted, ...options] : options;
  const plain = plainValue(value);
  const index = all.findIndex((option) => option.value === plain);
  const { id, label, placeholder, describedBy, isInvalid = false, isRequired = false, isDisabled = false } = props;
  if (all.length > COMBOBOX_FROM) {
    const comboboxProps = {
      id,
      placeholder,
      describedBy,
      isInvalid,
      isRequired,
      isDisabled,
      ...(label ? { label } : {}),
    };
    return <Combobox {...comboboxProps} options={all} selected={all[index]} onChoose={onChoose} />;
  }
  return (
    <select
      id={id}
      aria-label={label}
      aria-invalid={isInvalid}
      aria-describedby={describedBy}
      required={isRequired}
      disabled={isDisabled}
      value={String(index)}
      onChange={(event) => onChoose(all[Number(event.currentTarget.value)])}
    >
      {(index < 0 || !isRequired) && <option value="-1">{placeholder}</option>}
      {all.map((option, i) => (
        <option key={JSON.stringify(option.value)} value={String(i)}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
