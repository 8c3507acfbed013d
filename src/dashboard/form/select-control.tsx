import { Choice } from './choice.tsx';
import type { ControlProps } from './form-context.ts';
import { plainValue, valueForOption } from './options.ts';
import { useOptions } from './use-options.ts';

export function SelectControl({ field, value, onChange, ...props }: ControlProps) {
  const options = useOptions(field.raw.options);
  const placeholder = field.placeholder || (options.length === 0 ? 'No options yet' : 'Choose…');
  return (
    <Choice
      id={props.id}
      describedBy={props.describedBy}
      isInvalid={props.isInvalid}
      isRequired={props.isRequired}
      isDisabled={props.isDisabled}
      options={options}
      value={value}
      placeholder={placeholder}
      onChoose={(option) => onChange(option ? valueForOption(field.raw, option) : '')}
    />
  );
}

export function RadioControl({ field, value, id, labelId, onChange, ...props }: ControlProps) {
  const options = useOptions(field.raw.options);
  // The first radio has the group's id, so that errors can focus it.
  return (
    <div
      class="form-choices"
      role="radiogroup"
      aria-labelledby={labelId}
      aria-describedby={props.describedBy}
      aria-required={props.isRequired}
      aria-invalid={props.isInvalid}
    >
      {options.map((option, i) => (
        <label class="form-choice" key={JSON.stringify(option.value)}>
          <input
            id={i === 0 ? id : undefined}
            type="radio"
            name={id}
            checked={option.value === plainValue(value)}
            disabled={props.isDisabled}
            onChange={() => onChange(valueForOption(field.raw, option))}
          />
          <span>{option.label}</span>
        </label>
      ))}
      {options.length === 0 && <p class="hint">No options yet</p>}
    </div>
  );
}
