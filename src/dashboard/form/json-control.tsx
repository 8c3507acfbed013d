import { useState } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import type { ControlProps } from './form-context.ts';
import { sizeOf } from './plain-text.ts';
import { sameJson } from './same-json.ts';

/** What is larger is not edited in a page. */
const MAX_CHARS = 200_000;

const textOf = (value: Json): string => JSON.stringify(value, null, 2);

/** For types that the dashboard does not know, and values that do not fit their type: the JSON itself. */
export function JsonControl(props: ControlProps) {
  const { field, value, typed, id, describedBy, isInvalid, isRequired, isDisabled, onChange } = props;
  const [own, setOwn] = useState({ text: typeof typed === 'string' ? typed : textOf(value), value });
  const text = sameJson(own.value, value) ? own.text : textOf(value);
  const take = (next: string): void => {
    try {
      const parsed: Json = next.trim() === '' ? null : JSON.parse(next);
      setOwn({ text: next, value: parsed });
      onChange(parsed);
    } catch (error) {
      setOwn({ text: next, value });
      const problem = `${field.label} is not valid JSON: ${(error as Error).message}`;
      onChange(value, { problem, typed: next });
    }
  };
  if (text.length > MAX_CHARS) return <p id={id}>{`${sizeOf(text)} of JSON, too much to edit here.`}</p>;
  return (
    <textarea
      class="mono"
      id={id}
      rows={Math.min(Math.max(text.split('\n').length, 3), 16)}
      value={text}
      spellcheck={false}
      required={isRequired}
      disabled={isDisabled}
      aria-invalid={isInvalid}
      aria-describedby={describedBy}
      onInput={(event) => take(event.currentTarget.value)}
    />
  );
}
