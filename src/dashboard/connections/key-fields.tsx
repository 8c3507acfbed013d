import { useId } from 'preact/hooks';
import { type RecordForm, SecretField, SelectField } from './fields.tsx';
import {
  freeKey,
  headerIndexOf,
  headerNameOf,
  type KeyField,
  keyFieldsOf,
  templateOf,
  withHeader,
  withKey,
  withoutHeader,
  withoutKey,
} from './keys.ts';

/** API keys, each sent in a header or wherever a template names it. */
export function KeyFields({ form }: { readonly form: RecordForm }) {
  const { record } = form;
  const fields = keyFieldsOf(record, 'http', 'encrypted');
  const add = (): void => {
    const key = freeKey(record);
    form.onChange(withHeader(withKey(record, 'http', 'encrypted', key), key.id, ''));
  };
  if (form.isStep && fields.length > 0) {
    return (
      <>
        {fields.map(({ id, label, help, isRequired }) => (
          <SecretField
            key={id}
            form={form}
            label={label}
            path={['http', 'encrypted', id]}
            hint={help}
            isRequired={isRequired}
          />
        ))}
      </>
    );
  }
  return (
    <div class="stack">
      {fields.map((field) => (
        <ApiKey key={field.id} form={form} field={field} />
      ))}
      <div>
        <button type="button" class="button small" disabled={form.isDisabled} onClick={add}>
          Add API key
        </button>
      </div>
    </div>
  );
}

function ApiKey({ form, field }: { readonly form: RecordForm; readonly field: KeyField }) {
  const { record } = form;
  const { id, label, help, isRequired } = field;
  const inputId = useId();
  const isInHeader = headerIndexOf(record, id) !== -1;
  return (
    <fieldset class="group stack tight">
      <legend class="label">{label}</legend>
      <div class="pair">
        <SelectField
          form={form}
          label="Sent in"
          value={isInHeader ? 'header' : 'template'}
          options={[
            ['header', 'A header'],
            ['template', 'The query or the body'],
          ]}
          onSelect={(place) =>
            form.onChange(place === 'header' ? withHeader(record, id, '') : withoutHeader(record, id))
          }
        />
        {isInHeader && (
          <div class="field">
            <label for={inputId}>Header</label>
            <input
              id={inputId}
              value={headerNameOf(record, id)}
              required
              pattern="[A-Za-z0-9!#$%&'*+.^_`\|~\-]+"
              title="The name of a header, such as X-Api-Key"
              placeholder="X-Api-Key"
              autocomplete="off"
              spellcheck={false}
              disabled={form.isDisabled}
              onInput={({ currentTarget }) => form.onChange(withHeader(record, id, currentTarget.value))}
            />
          </div>
        )}
      </div>
      {!isInHeader && (
        <p class="hint">
          Write <code>{templateOf(id)}</code> where it belongs: in the path or the body for tests, and in exports and
          imports.
        </p>
      )}
      <SecretField form={form} label="Key" path={['http', 'encrypted', id]} hint={help} isRequired={isRequired} />
      <div>
        <button
          type="button"
          class="button small"
          disabled={form.isDisabled}
          aria-label={`Remove ${label}`}
          onClick={() => form.onChange(withoutKey(record, 'http', 'encrypted', id))}
        >
          Remove
        </button>
      </div>
    </fieldset>
  );
}
