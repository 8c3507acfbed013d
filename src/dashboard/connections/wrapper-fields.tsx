import { useId, useState } from 'preact/hooks';
import { type RecordForm, SecretField, TextField } from './fields.tsx';
import { keyFieldsOf, withKey, withoutKey } from './keys.ts';

const groups = {
  unencrypted: { title: 'Settings', one: 'setting' },
  encrypted: { title: 'Credentials', one: 'credential' },
} as const;

/** A connection that the connector's own code uses: values as the connector names them. */
export function WrapperFields({ form }: { readonly form: RecordForm }) {
  return (
    <>
      {!form.isStep && (
        <TextField
          form={form}
          label="Function that tests it"
          path="wrapper.pingFunction"
          hint="A function of the connector. Optional."
        />
      )}
      <Group form={form} group="unencrypted" />
      <Group form={form} group="encrypted" />
    </>
  );
}

interface GroupProps {
  readonly form: RecordForm;
  readonly group: keyof typeof groups;
}

function Group({ form, group }: GroupProps) {
  const { title, one } = groups[group];
  const { record } = form;
  const fields = keyFieldsOf(record, 'wrapper', group);
  if (form.isStep && fields.length === 0) return null;
  return (
    <fieldset class="group stack tight">
      <legend class="label">{title}</legend>
      {fields.map(({ id, label, help, isRequired }) => (
        <div key={id} class="removable">
          {group === 'encrypted' ? (
            <SecretField form={form} label={label} path={['wrapper', group, id]} hint={help} isRequired={isRequired} />
          ) : (
            <TextField form={form} label={label} path={['wrapper', group, id]} hint={help} isRequired={isRequired} />
          )}
          {!isRequired && !form.isStep && (
            <button
              type="button"
              class="button small"
              disabled={form.isDisabled}
              aria-label={`Remove ${label}`}
              onClick={() => form.onChange(withoutKey(record, 'wrapper', group, id))}
            >
              Remove
            </button>
          )}
        </div>
      ))}
      {!form.isStep && (
        <AddKey
          one={one}
          isDisabled={form.isDisabled}
          taken={fields.map(({ id }) => id)}
          onAdd={(id) => form.onChange(withKey(record, 'wrapper', group, { id, label: id }))}
        />
      )}
    </fieldset>
  );
}

interface AddKeyProps {
  readonly one: string;
  readonly isDisabled: boolean;
  readonly taken: readonly string[];
  readonly onAdd: (id: string) => void;
}

function AddKey({ one, isDisabled, taken, onAdd }: AddKeyProps) {
  const [name, setName] = useState('');
  const id = useId();
  const key = name.trim();
  const isTaken = taken.includes(key);
  const add = (): void => {
    if (key === '' || isTaken) return;
    onAdd(key);
    setName('');
  };
  return (
    <div class="removable">
      <div class="field">
        <label for={id}>Name of a new {one}</label>
        <input
          id={id}
          value={name}
          maxLength={200}
          autocomplete="off"
          spellcheck={false}
          disabled={isDisabled}
          aria-invalid={isTaken}
          aria-describedby={isTaken ? `${id}-problem` : undefined}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            // Enter would submit the whole form.
            event.preventDefault();
            add();
          }}
        />
        {isTaken && (
          <p class="problem" id={`${id}-problem`}>
            There is one with this name already.
          </p>
        )}
      </div>
      <button type="button" class="button small" disabled={isDisabled || key === '' || isTaken} onClick={add}>
        Add {one}
      </button>
    </div>
  );
}
