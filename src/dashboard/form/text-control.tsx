import { useEffect, useRef } from 'preact/hooks';
import { formatValue } from './field.ts';
import type { ControlProps } from './form-context.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** `input`, `text`, `number`, `integer` and `date`; `inputType: "password"` masks the input. */
export function TextControl(props: ControlProps) {
  const { field, value, id, describedBy, isInvalid, isRequired, isDisabled, onChange } = props;
  const text = formatValue(value);
  // A date stored in another format than YYYY-MM-DD is edited as text.
  const isDay = field.kind === 'date' && [text, formatValue(field.stored)].every((day) => day === '' || DAY.test(day));
  const attributes = {
    id,
    value: text,
    placeholder: field.placeholder,
    autoComplete: 'off',
    required: isRequired,
    disabled: isDisabled,
    'aria-invalid': isInvalid,
    'aria-describedby': describedBy,
    onInput: (event: { currentTarget: HTMLInputElement }) => onChange(event.currentTarget.value),
  };
  if (isDay) return <input {...attributes} type="date" class="form-short" />;
  if (field.kind === 'number') return <input {...attributes} type="text" class="form-short" inputMode="decimal" />;
  if (field.raw.inputType === 'password') return <input {...attributes} type="password" autoComplete="new-password" />;
  return <input {...attributes} type="text" />;
}

/** `textarea` and `expression`. Grows with its content. */
export function AreaControl({
  field,
  value,
  id,
  describedBy,
  isInvalid,
  isRequired,
  isDisabled,
  onChange,
}: ControlProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const text = formatValue(value);
  const lines = Math.min(Math.max(text.slice(0, 4_000).split('\n').length, field.kind === 'expression' ? 2 : 3), 16);
  useEffect(() => {
    if (area.current) area.current.rows = lines;
  }, [lines]);
  return (
    <textarea
      ref={area}
      class={field.kind === 'expression' ? 'mono' : undefined}
      id={id}
      value={text}
      placeholder={field.placeholder}
      spellcheck={field.kind !== 'expression'}
      required={isRequired}
      disabled={isDisabled}
      aria-invalid={isInvalid}
      aria-describedby={describedBy}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}
