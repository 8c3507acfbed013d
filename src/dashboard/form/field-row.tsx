import { Control } from './control.tsx';
import { isOvertaken, valueIn } from './drafts.ts';
import { type Field, textOfValue } from './field.ts';
import { useForm } from './form-context.ts';
import { labelOf } from './plain-text.ts';
import { RefreshButton } from './refresh-button.tsx';

/** Kinds whose control is a group, or names itself. */
const GROUPS = ['radio', 'multiselect', 'map', 'file'];
const REFRESHED = ['select', 'multiselect', 'radio'];

/** A field: its label, its control, and what is to be said of it. */
export function FieldRow({ field }: { field: Field }) {
  const form = useForm();
  const state = form.states.fields.get(field.id);
  if (!state || state.isHidden) return null;
  const { label, help, kind, slot } = field;
  const id = `${form.prefix}${field.id}`;
  const problem = form.errors.get(field.id);
  const overtaken = isOvertaken(form.drafts, field);
  const isChanged = form.drafts.has(slot);
  const said = [help && `${id}-help`, problem && `${id}-problem`, overtaken && `${id}-news`].filter(Boolean).join(' ');
  const labelled = (
    <>
      {label}
      {state.isRequired && (
        <span class="required" aria-hidden="true">
          {' *'}
        </span>
      )}
    </>
  );
  const supportsRefresh = field.raw.supportsRefresh === true && REFRESHED.includes(kind);
  return (
    <div class="field form-field" data-changed={isChanged} data-kind={kind}>
      {kind === 'checkbox' || kind === 'link' ? null : GROUPS.includes(kind) ? (
        <span class="label" id={`${id}-label`}>
          {labelled}
        </span>
      ) : (
        <label for={id} id={`${id}-label`}>
          {labelled}
        </label>
      )}
      <div class="form-control">
        <Control
          key={form.revision}
          field={field}
          value={valueIn(form.drafts, field)}
          id={id}
          labelId={`${id}-label`}
          describedBy={said || undefined}
          isInvalid={problem !== undefined}
          isRequired={state.isRequired}
          isDisabled={state.isDisabled || form.isLocked}
          onChange={(value, unfinished) => form.edit(field, value, unfinished)}
        />
        {supportsRefresh && !state.isDisabled && <RefreshButton field={field} label={label} />}
      </div>
      {help !== '' && (
        <p class="hint" id={`${id}-help`}>
          {help}
        </p>
      )}
      {field.name === undefined && kind !== 'link' && (
        <p class="hint">The connector gave this field no name: it cannot be changed here.</p>
      )}
      {problem !== undefined && (
        <p class="problem" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      {overtaken && (
        <div class="notice warn form-news">
          <p id={`${id}-news`}>
            This was changed elsewhere in the meantime{newsOf(field)}. What you entered is not saved yet.
          </p>
          <div class="row">
            <button type="button" class="button small" onClick={() => form.drop(field)}>
              Take the new value
            </button>
            <button type="button" class="button small" onClick={() => form.keep(field)}>
              Keep mine
            </button>
          </div>
        </div>
      )}
    </div>
  );
}

/** To what, if that can be said in a few words. */
function newsOf({ kind, stored }: Field): string {
  if (kind === 'checkbox') return stored === true ? ' and is ticked now' : ' and is not ticked now';
  const text = labelOf(textOfValue(stored));
  return kind === 'file' || text.length > 60 || text === '' ? '' : ` to “${text}”`;
}
