/** The options of a field: values, `[value, label]` pairs, `{value, label}`, or a list's `{id, text}`. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { labelOf } from './plain-text.ts';
import { isEmpty } from './same-json.ts';

export interface Option {
  readonly value: Json;
  readonly label: string;
}

/** As a connector gives them, in its form or as the answer to a refresh. */
export type Options = readonly Json[];

function parseOption(raw: Json): Option {
  if (Array.isArray(raw)) return { value: raw[0] ?? null, label: labelOf(raw[1], raw[0]) };
  if (!isJsonObject(raw)) return { value: raw, label: labelOf(raw) };
  const value = raw.value ?? raw.id ?? null;
  return { value, label: labelOf(raw.label, raw.text, value) };
}

/** Undefined if it has no list of them; entries that stand for nothing are left out. */
export function parseOptions(raw: Json | undefined): readonly Option[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  return raw.map(parseOption).filter(({ value }) => !isEmpty(value) && typeof value !== 'object');
}

/**
 * The options in the answer to a refresh: the list itself, or `options`; for a list of a `staticMapWidget` also
 * the field as it is now, with the list under its name or in a column of `optionsMap`.
 */
export function optionsFromReply(answer: Json | undefined, list?: string): Options | undefined {
  if (Array.isArray(answer)) return answer;
  if (!isJsonObject(answer)) return undefined;
  const columns = Array.isArray(answer.optionsMap) ? answer.optionsMap.filter(isJsonObject) : [];
  const candidates = list === undefined ? [] : [answer[list], columns.find(({ id }) => id === list)?.options];
  return [...candidates, answer.options].find((candidate) => Array.isArray(candidate));
}

/** `{id, label}`, which fields with `yieldValueAndLabel` have, stands for its id. */
export function plainValue(value: Json | undefined): Json {
  return isJsonObject(value) && Object.hasOwn(value, 'id') ? (value.id as Json) : (value ?? null);
}

export const yieldsLabels = ({ properties }: JsonObject): boolean =>
  isJsonObject(properties) && properties.yieldValueAndLabel === true;

/** The value that choosing an option gives the field. */
export function valueForOption(field: JsonObject, { value, label }: Option): Json {
  return yieldsLabels(field) ? { id: value, label } : value;
}

/**
 * What is chosen although it is not offered (any more), so that it can be seen and kept. Where nothing is
 * offered yet, nothing is said of that.
 */
export function unlistedOption(value: Json | undefined, options: readonly Option[]): Option | undefined {
  const plain = plainValue(value);
  if (isEmpty(plain) || options.some((option) => option.value === plain)) return undefined;
  const label = labelOf(isJsonObject(value) ? value.label : undefined, plain) || JSON.stringify(plain);
  return { value: plain, label: options.length === 0 ? label : `${label} (not offered any more)` };
}
