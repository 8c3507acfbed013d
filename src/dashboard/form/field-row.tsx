import { Control } from './control.tsx';
import { currentValue, hasConflict } from './drafts.ts';
import { type Field, formatValue } from './field.ts';
import { useForm } from './form-context.ts';
import { labelOf } from './plain-text.ts';
import { RefreshButton } from './refresh-button.tsx';

/** Kinds whose control is a group: labelled by `aria-labelledby`, with the help text above. */
const GROUP_KINDS = ['radio', 'multiselect', 'map', 'file', 'link'];
const REFRESHABLE_KINDS = ['select', 'multiselect', 'radio'];

/** A field: label, control, help and errors. */
export function FieldRow({ field }: { field: Field }) {
  const form = useForm();
  const state = form.states.fields.get(field.id);
  if (!state || state.isHidden) return null;
  const { label, help, kind, valueKey } = field;
  const id = `${form.prefix}${field.id}`;
  const draft = form.drafts.get(valueKey);
  const problem = form.errors.get(field.id);
  const partial = problem === undefined ? draft?.partial?.problem : undefined;
  const isConflicting = hasConflict(form.drafts, field);
  const isGroup = GROUP_KINDS.includes(kind);
  const supportsRefresh = field.raw.supportsRefresh === true && REFRESHABLE_KINDS.includes(kind) && !state.isDisabled;
  const descriptionIds = [
    help && `${id}-help`,
    (problem ?? partial) !== undefined && `${id}-problem`,
    isConflicting && `${id}-conflict`,
  ].filter(Boolean);
  const hint = help !== '' && (
    <p class="hint" id={`${id}-help`}>
      {help}
    </p>
  );
  return (
    <div class="field form-field" data-changed={draft !== undefined} data-kind={kind}>
      {kind !== 'checkbox' && (
        <div class="form-label">
          <FieldLabel id={id} isGroup={isGroup} label={label} isRequired={state.isRequired} />
          {isGroup && supportsRefresh && <RefreshButton field={field} label={label} />}
        </div>
      )}
      {isGroup && hint}
      <div class="form-control">
        <Control
          key={form.revision}
          field={field}
          value={currentValue(form.drafts, field)}
          typed={draft?.partial?.typed}
          id={id}
          labelId={`${id}-label`}
          describedBy={descriptionIds.join(' ') || undefined}
          isInvalid={problem !== undefined}
          isRequired={state.isRequired}
          isDisabled={state.isDisabled || form.isLocked}
          onChange={(value, partialInput) => form.edit(field, value, partialInput)}
        />
        {!isGroup && supportsRefresh && <RefreshButton field={field} label={label} />}
      </div>
      {!isGroup && hint}
      {field.name === undefined && kind !== 'link' && (
        <p class="hint">This field has no name, so it cannot be changed here.</p>
      )}
      {(problem ?? partial) !== undefined && (
        <p class={problem === undefined ? 'hint' : 'problem'} id={`${id}-problem`}>
          {problem ?? partial}
        </p>
      )}
      {isConflicting && <ConflictNotice field={field} id={`${id}-conflict`} />}
    </div>
  );
}

function FieldLabel(props: { id: string; isGroup: boolean; label: string; isRequired: boolean }) {
  const { id, isGroup, label, isRequired } = props;
  const text = (
    <>
      {label}
      {isRequired && (
        <span class="required" aria-hidden="true">
          {' *'}
        </span>
      )}
    </>
  );
  if (isGroup) {
    return (
      <span class="label" id={`${id}-label`}>
        {text}
      </span>
    );
  }
  return (
    <label class="label" for={id} id={`${id}-label`}>
      {text}
    </label>
  );
}

/** Shown when a field with unsaved changes was also changed elsewhere. */
function ConflictNotice({ field, id }: { field: Field; id: string }) {
  const { takeTheirs, keepMine } = useForm();
  return (
    <div class="notice warn form-conflict">
      <p id={id}>This was changed elsewhere{describeStored(field)}. Your change is not saved yet.</p>
      <div class="row">
        <button type="button" class="button small" onClick={() => takeTheirs(field)}>
          Use the new value
        </button>
        <button type="button" class="button small" onClick={() => keepMine(field)}>
          Keep mine
        </button>
      </div>
    </div>
  );
}

/** The stored value in a few words, or nothing if it is long. */
function describeStored({ kind, stored }: Field): string {
  if (kind === 'checkbox') return stored === true ? ' and is now ticked' : ' and is no longer ticked';
  const text = labelOf(formatValue(stored));
  return kind === 'file' || text.length > 60 || text === '' ? '' : ` to “${text}”`;
}
