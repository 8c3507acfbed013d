/** What has been changed and not saved yet, by slot. Pure; nothing is changed in place. */
import type { Json, JsonObject } from '../api/json.ts';
import { problemOf } from './check.ts';
import type { States } from './dependencies.ts';
import { type Field, itemsOf } from './field.ts';
import type { Form } from './form-tree.ts';
import { plainOf } from './options.ts';
import { isEmpty, sameJson } from './same-json.ts';
import { sameMap } from './static-map.ts';

/** What is typed and is no value yet, such as half of a JSON text. */
export interface Unfinished {
  readonly problem: string;
  /** What its control needs to show it again. */
  readonly typed: unknown;
}

export interface Draft {
  /** The last one that was a value. */
  readonly value: Json;
  /** What was stored when the change was begun. */
  readonly base: Json;
  readonly unfinished?: Unfinished;
  /** The field as it was then, should the form lose it. */
  readonly field: Field;
}

export type Drafts = ReadonlyMap<string, Draft>;

export const valueIn = (drafts: Drafts, field: Field): Json => {
  const draft = drafts.get(field.slot);
  return draft ? draft.value : field.stored;
};

/** Whether two values of a field come to the same: a number and its digits, nothing and an empty text. */
export function sameValue(field: Field, a: Json, b: Json): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  switch (field.kind) {
    case 'checkbox':
      return isOn(a) === isOn(b);
    case 'number':
      return sameJson(sentValue(field, a), sentValue(field, b));
    case 'select':
    case 'radio':
      return plainOf(a) === plainOf(b);
    case 'multiselect':
      return sameJson(itemsOf(a).map(plainOf), itemsOf(b).map(plainOf));
    case 'json':
      return sameJson(a, b);
    case 'map':
      return sameMap(field.raw, a, b);
    default:
      return String(a) === String(b);
  }
}

export const isOn = (value: Json): boolean => value === true || value === 'true';

/** The value as it is sent: what was typed into the field of a number as that. */
export function sentValue({ kind }: Field, value: Json): Json {
  if (kind !== 'number' || typeof value !== 'string') return value;
  const text = value.trim();
  if (text === '') return '';
  return Number.isFinite(Number(text)) ? Number(text) : value;
}

export function edited(drafts: Drafts, field: Field, value: Json, unfinished?: Unfinished): Drafts {
  const next = new Map(drafts);
  const base = drafts.get(field.slot)?.base ?? field.stored;
  if (!unfinished && sameValue(field, value, field.stored)) next.delete(field.slot);
  else next.set(field.slot, { value, base, field, ...(unfinished ? { unfinished } : {}) });
  return next;
}

/** After the settings have changed: what is stored by now as it was entered is no change any more. */
export function followed(drafts: Drafts, form: Form): Drafts {
  const left = [...drafts].filter(([slot, draft]) => {
    const fields = form.bySlot.get(slot);
    return draft.unfinished !== undefined || !fields?.every((field) => sameValue(field, draft.value, field.stored));
  });
  return left.length === drafts.size ? drafts : new Map(left);
}

/** Whether what is stored is not what the change was begun on. */
export function isOvertaken(drafts: Drafts, field: Field): boolean {
  const draft = drafts.get(field.slot);
  return draft !== undefined && !sameValue(field, draft.base, field.stored);
}

/** The user has seen what is stored now and stays with what was entered. */
export function kept(drafts: Drafts, field: Field): Drafts {
  const draft = drafts.get(field.slot);
  return draft ? new Map(drafts).set(field.slot, { ...draft, base: field.stored }) : drafts;
}

export function without(drafts: Drafts, slots: Iterable<string>): Drafts {
  const next = new Map(drafts);
  for (const slot of slots) next.delete(slot);
  return next;
}

/** After a save: what has been typed in the meantime stays a change. */
export function settled(drafts: Drafts, sent: ReadonlyMap<string, Json>): Drafts {
  return new Map(
    [...drafts].flatMap(([slot, draft]): [string, Draft][] => {
      const value = sent.get(slot);
      if (value === undefined) return [[slot, draft]];
      return sameJson(value, sentValue(draft.field, draft.value)) ? [] : [[slot, { ...draft, base: value }]];
    }),
  );
}

/** Changes of fields that can be seen; the others wait until they can be seen again. */
export function changes(form: Form, drafts: Drafts, states: States): readonly [string, Draft][] {
  const isUsable = (field: Field): boolean => {
    const state = states.fields.get(field.id);
    return state !== undefined && !state.isHidden && !state.isDisabled;
  };
  return [...drafts].filter(([slot]) => form.bySlot.get(slot)?.some(isUsable));
}

/** Changes of fields that the form does not have any more. */
export const orphans = (form: Form, drafts: Drafts): readonly [string, Draft][] =>
  [...drafts].filter(([slot]) => !form.bySlot.has(slot));

export interface Save {
  readonly pending: JsonObject;
  readonly sent: ReadonlyMap<string, Json>;
}

/** What is sent: values by name, in a form with stores by store and name. */
export function saveOf(form: Form, changed: readonly [string, Draft][]): Save {
  const sent = new Map<string, Json>();
  const byStore = new Map<string, [string, Json][]>();
  for (const [slot, draft] of changed) {
    const field = form.bySlot.get(slot)?.[0];
    if (field?.name === undefined) continue;
    const value = sentValue(field, draft.value);
    sent.set(slot, value);
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
export function problemsOf(form: Form, drafts: Drafts, states: States, before: States): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  for (const field of form.fields) {
    const state = states.fields.get(field.id);
    if (!state || state.isHidden || state.isDisabled) continue;
    const draft = drafts.get(field.slot);
    const was = before.fields.get(field.id);
    const isNewlyRequired = state.isRequired && (was?.isRequired !== true || was.isHidden);
    if (!draft && !isNewlyRequired) continue;
    const problem =
      draft?.unfinished?.problem ?? problemOf(field, sentValue(field, valueIn(drafts, field)), state.isRequired);
    if (problem !== undefined) problems.set(field.id, problem);
  }
  return problems;
}

/** All that a step's form holds, which is sent whole. */
export function valuesOf(form: Form, drafts: Drafts, states: States): JsonObject {
  const shown = form.fields.filter(
    (field) => field.name !== undefined && field.kind !== 'link' && states.fields.get(field.id)?.isHidden === false,
  );
  return Object.fromEntries(shown.map((field) => [field.name as string, sentValue(field, valueIn(drafts, field))]));
}
