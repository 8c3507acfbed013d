/** Unsaved changes, by value key. Pure: nothing is changed in place. */
import type { Json, JsonObject } from '../api/json.ts';
import type { FormStates } from './dependencies.ts';
import { asList, type Field } from './field.ts';
import type { Form } from './form-tree.ts';
import { plainValue } from './options.ts';
import { isEmpty, isSameJson } from './same-json.ts';
import { isSameMap } from './static-map.ts';
import { validateField } from './validate-field.ts';

/** Typed text that is not a value yet, such as incomplete JSON. */
export interface PartialInput {
  readonly problem: string;
  /** Lets the control show it again. */
  readonly typed: unknown;
}

export interface Draft {
  /** The last valid value. */
  readonly value: Json;
  /** The stored value when editing began. */
  readonly base: Json;
  readonly partial?: PartialInput;
  /** The field as it was then, in case the form loses it. */
  readonly field: Field;
}

export type Drafts = ReadonlyMap<string, Draft>;

export const currentValue = (drafts: Drafts, field: Field): Json => {
  const draft = drafts.get(field.valueKey);
  return draft ? draft.value : field.stored;
};

/** Whether two values of a field are equivalent: a number and its digits, null and an empty string. */
export function isSameValue(field: Field, a: Json, b: Json): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  switch (field.kind) {
    case 'checkbox':
      return isChecked(a) === isChecked(b);
    case 'number':
      return isSameJson(valueToSend(field, a), valueToSend(field, b));
    case 'select':
    case 'radio':
      return plainValue(a) === plainValue(b);
    case 'multiselect':
      return isSameJson(asList(a).map(plainValue), asList(b).map(plainValue));
    case 'json':
      return isSameJson(a, b);
    case 'map':
      return isSameMap(field.raw, a, b);
    default:
      return String(a) === String(b);
  }
}

export const isChecked = (value: Json): boolean => value === true || value === 'true';

/** The value to send. Converts text typed into a number field. */
export function valueToSend({ kind }: Field, value: Json): Json {
  if (kind !== 'number' || typeof value !== 'string') return value;
  const text = value.trim();
  if (text === '') return '';
  return Number.isFinite(Number(text)) ? Number(text) : value;
}

export function withEdit(drafts: Drafts, field: Field, value: Json, partial?: PartialInput): Drafts {
  const next = new Map(drafts);
  const base = drafts.get(field.valueKey)?.base ?? field.stored;
  if (!partial && isSameValue(field, value, field.stored)) next.delete(field.valueKey);
  else next.set(field.valueKey, { value, base, field, ...(partial ? { partial } : {}) });
  return next;
}

/** Drops drafts that equal the newly stored settings. */
export function withoutUnchanged(drafts: Drafts, form: Form): Drafts {
  const remaining = [...drafts].filter(([key, draft]) => {
    const fields = form.byValueKey.get(key);
    return draft.partial !== undefined || !fields?.every((field) => isSameValue(field, draft.value, field.stored));
  });
  return remaining.length === drafts.size ? drafts : new Map(remaining);
}

/** Whether the stored value has changed since editing began. */
export function hasConflict(drafts: Drafts, field: Field): boolean {
  const draft = drafts.get(field.valueKey);
  return draft !== undefined && !isSameValue(field, draft.base, field.stored);
}

/** Resolves a conflict in favour of the draft. */
export function keepingMine(drafts: Drafts, field: Field): Drafts {
  const draft = drafts.get(field.valueKey);
  return draft ? new Map(drafts).set(field.valueKey, { ...draft, base: field.stored }) : drafts;
}

export function withoutKeys(drafts: Drafts, keys: Iterable<string>): Drafts {
  const next = new Map(drafts);
  for (const key of keys) next.delete(key);
  return next;
}

/** Drops saved drafts, but keeps what was typed during the save. */
export function afterSave(drafts: Drafts, sent: ReadonlyMap<string, Json>): Drafts {
  return new Map(
    [...drafts].flatMap(([key, draft]): [string, Draft][] => {
      const value = sent.get(key);
      if (value === undefined) return [[key, draft]];
      return isSameJson(value, valueToSend(draft.field, draft.value)) ? [] : [[key, { ...draft, base: value }]];
    }),
  );
}

/** Drafts of visible, enabled fields. The others wait until their field is visible again. */
export function savableChanges(form: Form, drafts: Drafts, states: FormStates): readonly [string, Draft][] {
  const isEditable = (field: Field): boolean => {
    const state = states.fields.get(field.id);
    return state !== undefined && !state.isHidden && !state.isDisabled;
  };
  return [...drafts].filter(([key]) => form.byValueKey.get(key)?.some(isEditable));
}

/** Drafts of fields that are no longer in the form. */
export const orphanedDrafts = (form: Form, drafts: Drafts): readonly [string, Draft][] =>
  [...drafts].filter(([key]) => !form.byValueKey.has(key));

export interface Save {
  readonly pending: JsonObject;
  readonly sent: ReadonlyMap<string, Json>;
}

/** Builds the values to send: by name, or by store and name if the form has stores. */
export function buildSave(form: Form, changed: readonly [string, Draft][]): Save {
  const sent = new Map<string, Json>();
  const byStore = new Map<string, [string, Json][]>();
  for (const [key, draft] of changed) {
    const field = form.byValueKey.get(key)?.[0];
    if (field?.name === undefined) continue;
    const value = valueToSend(field, draft.value);
    sent.set(key, value);
    const store = field.store ?? '';
    byStore.set(store, [...(byStore.get(store) ?? []), [field.name, value]]);
  }
  // `fromEntries` also creates an own property named `__proto__`.
  const entries = [...byStore].map(([store, values]): [string, JsonObject] => [store, Object.fromEntries(values)]);
  const pending = form.stores ? Object.fromEntries(entries) : (entries[0]?.[1] ?? {});
  return { pending, sent };
}

/**
 * Errors by field id, for changed fields and for fields that the changes made required. A required field that
 * was already empty does not block saving the rest.
 */
export function validateDrafts(
  form: Form,
  drafts: Drafts,
  states: FormStates,
  before: FormStates,
): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  for (const field of form.fields) {
    const state = states.fields.get(field.id);
    if (!state || state.isHidden || state.isDisabled) continue;
    const draft = drafts.get(field.valueKey);
    const was = before.fields.get(field.id);
    const isNewlyRequired = state.isRequired && (was?.isRequired !== true || was.isHidden);
    if (!draft && !isNewlyRequired) continue;
    const problem =
      draft?.partial?.problem ??
      validateField(field, valueToSend(field, currentValue(drafts, field)), state.isRequired);
    if (problem !== undefined) problems.set(field.id, problem);
  }
  return problems;
}

/** All visible values of a step's form, which is sent whole. */
export function shownValues(form: Form, drafts: Drafts, states: FormStates): JsonObject {
  const shown = form.fields.filter(
    (field) => field.name !== undefined && field.kind !== 'link' && states.fields.get(field.id)?.isHidden === false,
  );
  return Object.fromEntries(
    shown.map((field) => [field.name as string, valueToSend(field, currentValue(drafts, field))]),
  );
}
