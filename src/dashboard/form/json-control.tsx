import { useState } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import type { ControlProps } from './form-context.ts';
import { formatTextSize } from './plain-text.ts';
import { isSameJson } from './same-json.ts';

/** Larger JSON cannot be edited in the page. */
const MAX_CHARS = 200_000;

const formatJson = (value: Json): string => JSON.stringify(value, null, 2);

/** Edits JSON, for unknown types and for values that do not fit their type. */
export function JsonControl(props: ControlProps) {
  const { field, value, typed, id, describedBy, isInvalid, isRequired, isDisabled, onChange } = props;
  const [edited, setEdited] = useState({ text: typeof typed === 'string' ? typed : formatJson(value), value });
  const text = isSameJson(edited.value, value) ? edited.text : formatJson(value);
  const update = (next: string): void => {
    try {
      const parsed: Json = next.trim() === '' ? null : JSON.parse(next);
      setEdited({ text: next, value: parsed });
      onChange(parsed);
    } catch (error) {
      setEdited({ text: next, value });
      const problem = `${field.label} is not valid JSON: ${(error as Error).message}`;
      onChange(value, { problem, typed: next });
    }
  };
  if (text.length > MAX_CHARS) return <p id={id}>{`${formatTextSize(text)} of JSON is too much to edit here.`}</p>;
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
      onInput={(event) => update(event.currentTarget.value)}
    />
  );
}
