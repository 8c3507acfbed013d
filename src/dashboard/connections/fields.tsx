/** Fields of a record's form: each shows and replaces the value at a path. */
import { useId } from 'preact/hooks';
import { asString, type Json, type JsonObject } from '../api/json.ts';
import { MASK } from './credentials.ts';
import { type Path, textAt, valueAt, withValue } from './record-values.ts';

/** A form over a record. */
export interface RecordForm {
  readonly record: JsonObject;
  /** As it was read. Undefined for a new one. */
  readonly stored: JsonObject | undefined;
  readonly onChange: (record: JsonObject) => void;
  readonly isDisabled: boolean;
  /** Stored credentials must be entered again, since they would go elsewhere. */
  readonly isMoved: boolean;
  /** In a step: the connector has set up everything but the values. */
  readonly isStep?: boolean;
}

interface FieldProps {
  readonly form: RecordForm;
  readonly label: string;
  readonly path: Path;
  readonly hint?: string | undefined;
  readonly isRequired?: boolean;
}

interface TextFieldProps extends FieldProps {
  readonly type?: 'text' | 'url';
  readonly placeholder?: string;
  /** Shown, and meant, where the record has no value. An empty text is a value then. */
  readonly fallback?: string;
  readonly isReadOnly?: boolean;
  readonly maxLength?: number;
}

export function TextField(props: TextFieldProps) {
  const { form, label, path, hint, type = 'text', placeholder, fallback, isRequired, isReadOnly, maxLength } = props;
  const id = useId();
  const attributes = {
    id,
    autocomplete: 'off',
    spellcheck: false,
    value: shownAt(form.record, path) ?? fallback ?? '',
    required: isRequired,
    readOnly: isReadOnly,
    placeholder,
    maxLength,
    disabled: form.isDisabled,
    'aria-describedby': hint ? `${id}-hint` : undefined,
    onInput: ({ currentTarget: { value } }: { readonly currentTarget: HTMLInputElement }) => {
      const isRemoved = value === '' && fallback === undefined;
      form.onChange(withValue(form.record, path, isRemoved ? undefined : value));
    },
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'url' ? <input type="url" inputMode="url" {...attributes} /> : <input type="text" {...attributes} />}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A connector may have stored a number. */
function shownAt(record: JsonObject, path: Path): string | undefined {
  const value = valueAt(record, path);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : asString(value);
}

/** For a credential. A stored one is never shown, and kept unless something else is typed. */
export function SecretField({
  form,
  label,
  path,
  hint,
  isRequired = false,
  isPassword = true,
}: FieldProps & { readonly isPassword?: boolean }) {
  const id = useId();
  const isStored = textAt(form.stored, path) === MASK;
  const isKept = textAt(form.record, path) === MASK;
  const mustEnter = isKept && form.isMoved;
  const props = {
    id,
    autocomplete: 'off',
    spellcheck: false,
    disabled: form.isDisabled,
    required: isRequired && (!isKept || mustEnter),
    value: isKept ? '' : textAt(form.record, path),
    placeholder: isKept && !mustEnter ? '•••••• (stored)' : '',
    'aria-describedby': isKept || hint ? `${id}-hint` : undefined,
    onInput: ({ currentTarget: { value } }: { readonly currentTarget: HTMLInputElement }) =>
      form.onChange(withValue(form.record, path, value === '' && isStored ? MASK : value)),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {isPassword ? <input type="password" {...props} /> : <input type="text" {...props} />}
      {(isKept || hint) && (
        <p class={mustEnter ? 'problem' : 'hint'} id={`${id}-hint`}>
          {hint}{' '}
          {mustEnter
            ? 'The address has changed. Enter it again.'
            : isKept
              ? 'Stored and never shown. Leave empty to keep it.'
              : ''}
        </p>
      )}
    </div>
  );
}

interface SelectFieldProps extends Omit<FieldProps, 'path' | 'isRequired'> {
  readonly value: string;
  /** Values and what they are called. */
  readonly options: readonly (readonly [value: string, name: string])[];
  readonly onSelect: (value: string) => void;
  readonly isRequired?: boolean;
}

export function SelectField({ form, label, value, options, hint, isRequired, onSelect }: SelectFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        required={isRequired}
        disabled={form.isDisabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={({ currentTarget }) => onSelect(currentTarget.value)}
      >
        {options.map(([each, name]) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Changes several values at once. */
export const change = (form: RecordForm, ...changes: readonly (readonly [Path, Json | undefined])[]): void =>
  form.onChange(changes.reduce<JsonObject>((record, [path, value]) => withValue(record, path, value), form.record));
