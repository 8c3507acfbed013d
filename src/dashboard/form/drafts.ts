/** What has been changed and not saved yet, by key. Pure; nothing is changed in place. */
import type { Json, JsonObject } from '../api/json.ts';
import type { FormStates } from './dependencies.ts';
import { asList, type Field } from './field.ts';
import type { Form } from './form-tree.ts';
import { plainValue } from './options.ts';
import { isEmpty, isSameJson } from './same-json.ts';
import { isSameMap } from './static-map.ts';
import { validateField } from './validate-field.ts';

/** What is typed and is no value yet, such as half of a JSON text. */
export interface PartialInput {
  readonly problem: string;
  /** What its control needs to show it again. */
  readonly typed: unknown;
}

export interface Draft {
  /** The last one that was a value. */
  readonly value: Json;
  /** What was stored when the change was begun. */
  readonly base: Json;
  readonly partial?: PartialInput;
  /** The field as it was then, should the form lose it. */
  readonly field: Field;
}

export type Drafts = ReadonlyMap<string, Draft>;

export const currentValue = (drafts: Drafts, field: Field): Json => {
  const draft = drafts.get(field.valueKey);
  return draft ? draft.value : field.stored;
};

/** Whether two values of a field come to the same: a number and its digits, nothing and an empty text. */
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

/** The value as it is sent: what was typed into the field of a number as that. */
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

/** After the settings have changed: what is stored by now as it was entered is no change any more. */
export function withoutUnchanged(drafts: Drafts, form: Form): Drafts {
  const remaining = [...drafts].filter(([key, draft]) => {
    const fields = form.byValueKey.get(key);
    return draft.partial !== undefined || !fields?.every((field) => isSameValue(field, draft.value, field.stored));
  });
  return remaining.length === drafts.size ? drafts : new Map(remaining);
}

/** Whether what is stored is not what the change was begun on. */
export function hasConflict(drafts: Drafts, field: Field): boolean {
  const draft = drafts.get(field.valueKey);
  return draft !== undefined && !isSameValue(field, draft.base, field.stored);
}

/** The user has seen what is stored now and stays with what was entered. */
export function keepingMine(drafts: Drafts, field: Field): Drafts {
  const draft = drafts.get(field.valueKey);
  return draft ? new Map(drafts).set(field.valueKey, { ...draft, base: field.stored }) : drafts;
}

export function withoutKeys(drafts: Drafts, keys: Iterable<string>): Drafts {
  const next = new Map(drafts);
  for (const key of keys) next.delete(key);
  return next;
}

/** After a save: what has been typed in the meantime stays a change. */
export function afterSave(drafts: Drafts, sent: ReadonlyMap<string, Json>): Drafts {
  return new Map(
    [...drafts].flatMap(([key, draft]): [string, Draft][] => {
      const value = sent.get(key);
      if (value === undefined) return [[key, draft]];
      return isSameJson(value, valueToSend(draft.field, draft.value)) ? [] : [[key, { ...draft, base: value }]];
    }),
  );
}

/** Changes of fields that can be seen; the others wait until they can be seen again. */
export function savableChanges(form: Form, drafts: Drafts, states: FormStates): readonly [string, Draft][] {
  const isEditable = (field: Field): boolean => {
    const state = states.fields.get(field.id);
    return state !== undefined && !state.isHidden && !state.isDisabled;
  };
  return [...drafts].filter(([key]) => form.byValueKey.get(key)?.some(isEditable));
}

/** Changes of fields that the form does not have any more. */
export const orphanedDrafts = (form: Form, drafts: Drafts): readonly [string, Draft][] =>
  [...drafts].filter(([key]) => !form.byValueKey.has(key));

export interface Save {
  readonly pending: JsonObject;
  readonly sent: ReadonlyMap<string, Json>;
}

/** What is sent: values by name, in a form with stores by store and name. */
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
  // `fromEntries` makes an own property of `__proto__` too.
  const entries = [...byStore].map(([store, values]): [string, JsonObject] => [store, Object.fromEntries(values)]);
  const pending = form.stores ? Object.fromEntries(entries) : (entries[0]?.[1] ?? {});
  return { pending, sent };
}

/**
 * What is wrong, by field: of the fields that were changed, and of those that the changes made required.
 * What has been empty all along does not keep anybody from saving the rest.
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

/** All that a step's form holds, which is sent whole. */
export function shownValues(form: Form, drafts: Drafts, states: FormStates): JsonObject {
  const shown = form.fields.filter(
    (field) => field.name !== undefined && field.kind !== 'link' && states.fields.get(field.id)?.isHidden === false,
  );
  return Object.fromEntries(
    shown.map((field) => [field.name as string, valueToSend(field, currentValue(drafts, field))]),
  );
}
