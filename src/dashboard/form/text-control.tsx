import { useEffect, useRef } from 'preact/hooks';
import { textOfValue } from './field.ts';
import type { ControlProps } from './form-context.ts';
import { labelOf } from './plain-text.ts';

const INPUT_TYPES = ['password', 'email', 'url', 'tel'] as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** `input`, `text`, `number`, `integer` and `date`. */
export function TextControl({
  field,
  value,
  id,
  describedBy,
  isInvalid,
  isRequired,
  isDisabled,
  onChange,
}: ControlProps) {
  const text = textOfValue(value);
  const wanted = labelOf(field.raw.inputType);
  // A date that was stored in another form than the day alone is left as the text that it is.
  const isDay = field.kind === 'date' && [text, textOfValue(field.stored)].every((day) => day === '' || DAY.test(day));
  const type = isDay ? 'date' : (INPUT_TYPES.find((known) => known === wanted) ?? 'text');
  return (
    <input
      class={isDay || field.kind === 'number' ? 'form-short' : undefined}
      id={id}
      type={type}
      value={text}
      placeholder={field.placeholder}
      {...(field.kind === 'number' ? { inputMode: 'decimal' } : {})}
      autoComplete="off"
      required={isRequired}
      disabled={isDisabled}
      aria-invalid={isInvalid}
      aria-describedby={describedBy}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

/** `textarea` and `expression`. It grows with what stands in it. */
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
  const text = textOfValue(value);
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
