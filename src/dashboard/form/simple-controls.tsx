import { useState } from 'preact/hooks';
import { isChecked } from './drafts.ts';
import { formatValue } from './field.ts';
import type { ControlProps } from './form-context.ts';
import { formatTextSize, labelOf } from './plain-text.ts';
import { safeLink } from './safe-link.ts';
import { describeStored, readTextFile } from './text-file.ts';

export function CheckboxControl({
  field,
  value,
  id,
  describedBy,
  isInvalid,
  isRequired,
  isDisabled,
  onChange,
}: ControlProps) {
  return (
    <label class="form-choice form-checkbox">
      <input
        id={id}
        type="checkbox"
        checked={isChecked(value)}
        disabled={isDisabled}
        aria-invalid={isInvalid}
        aria-describedby={describedBy}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span class="label">
        {field.label}
        {isRequired && <span aria-hidden="true"> *</span>}
      </span>
    </label>
  );
}

/** A link, without input. An unsafe address is shown as text. */
export function LinkControl({ field: { raw }, value, id, labelId, describedBy }: ControlProps) {
  const address = [value, raw.url, raw.href].find((candidate) => typeof candidate === 'string' && candidate !== '');
  const href = safeLink(address);
  if (href === undefined) return <p id={id}>{labelOf(address) || 'No address'}</p>;
  return (
    <p>
      <a
        id={id}
        href={href}
        target="_blank"
        rel="noopener noreferrer"
        aria-labelledby={`${labelId} ${id}`}
        aria-describedby={describedBy}
      >
        {labelOf(raw.text, raw.linkText, href)}
        <span class="visually-hidden"> (opens in a new tab)</span>
        <span aria-hidden="true"> ↗</span>
      </a>
    </p>
  );
}

/** Takes the text of a file as the value. */
export function FileControl({ field, value, id, labelId, describedBy, isInvalid, isDisabled, onChange }: ControlProps) {
  const [chosen, setChosen] = useState<{ readonly name: string; readonly text: string }>();
  const [problem, setProblem] = useState('');
  const text = formatValue(value);
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const read = await readTextFile(file);
    setProblem('problem' in read ? `${read.problem}. Nothing was changed.` : '');
    if (!('text' in read)) return;
    setChosen({ name: file.name, text: read.text });
    onChange(read.text);
  };
  return (
    <div class="file-control">
      <label class="button file-button" data-disabled={isDisabled}>
        <input
          id={id}
          type="file"
          class="visually-hidden"
          accept={labelOf(field.raw.accept) || undefined}
          disabled={isDisabled}
          aria-labelledby={`${labelId} ${id}-choose`}
          aria-invalid={isInvalid}
          aria-describedby={`${id}-state${describedBy ? ` ${describedBy}` : ''}`}
          onChange={(event) => {
            const input = event.currentTarget;
            void take(input.files?.[0]);
            // Allows choosing the same file again.
            input.value = '';
          }}
        />
        <span id={`${id}-choose`}>Choose file…</span>
      </label>
      <span id={`${id}-state`} class="muted">
        {chosen?.text === text ? `${chosen.name}, ${formatTextSize(text)}` : describeStored(text)}
      </span>
      {text !== '' && !isDisabled && (
        <button
          type="button"
          class="button quiet small"
          onClick={() => {
            setProblem('');
            onChange('');
          }}
        >
          Remove
        </button>
      )}
      {problem !== '' && (
        <p class="problem file-problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
