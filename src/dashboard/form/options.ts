/** The options of a field: values, `[value, label]` pairs, `{value, label}`, or a list's `{id, text}`. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { labelOf } from './plain-text.ts';
import { isEmpty } from './same-json.ts';

export interface Option {
  readonly value: Json;
  readonly label: string;
}

/** Raw options, from the form or from a refresh. */
export type Options = readonly Json[];

function parseOption(raw: Json): Option {
  if (Array.isArray(raw)) return { value: raw[0] ?? null, label: labelOf(raw[1], raw[0]) };
  if (!isJsonObject(raw)) return { value: raw, label: labelOf(raw) };
  const value = raw.value ?? raw.id ?? null;
  return { value, label: labelOf(raw.label, raw.text, value) };
}

/** Undefined without a list. Leaves out entries without a value. */
export function parseOptions(raw: Json | undefined): readonly Option[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  return raw.map(parseOption).filter(({ value }) => !isEmpty(value) && typeof value !== 'object');
}

/**
 * The options in the reply to a refresh: a list, or `options`. For a list of a `staticMapWidget` the reply may
 * also be the field itself, with the list under its name or in a column of `optionsMap`.
 */
export function optionsFromReply(reply: Json | undefined, list?: string): Options | undefined {
  if (Array.isArray(reply)) return reply;
  if (!isJsonObject(reply)) return undefined;
  const columns = Array.isArray(reply.optionsMap) ? reply.optionsMap.filter(isJsonObject) : [];
  const candidates = list === undefined ? [] : [reply[list], columns.find(({ id }) => id === list)?.options];
  return [...candidates, reply.options].find((candidate) => Array.isArray(candidate));
}

/** Reduces `{id, label}`, as fields with `yieldValueAndLabel` have it, to its id. */
export function plainValue(value: Json | undefined): Json {
  return isJsonObject(value) && Object.hasOwn(value, 'id') ? (value.id as Json) : (value ?? null);
}

export const yieldsLabels = ({ properties }: JsonObject): boolean =>
  isJsonObject(properties) && properties.yieldValueAndLabel === true;

/** The field's value when this option is chosen. */
export function valueForOption(field: JsonObject, { value, label }: Option): Json {
  return yieldsLabels(field) ? { id: value, label } : value;
}

/**
 * An option for a value that is no longer offered, so that it can be seen and kept. If there are no options
 * yet, the label does not say so.
 */
export function unlistedOption(value: Json | undefined, options: readonly Option[]): Option | undefined {
  const plain = plainValue(value);
  if (isEmpty(plain) || options.some((option) => option.value === plain)) return undefined;
  const label = labelOf(isJsonObject(value) ? value.label : undefined, plain) || JSON.stringify(plain);
  return { value: plain, label: options.length === 0 ? label : `${label} (no longer offered)` };
}
