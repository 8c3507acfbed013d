/** Reads a field from the connector's JSON, which may be anything. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { parseOptions, plainValue } from './options.ts';
import { helpOf, labelOf } from './plain-text.ts';
import { isEmpty } from './same-json.ts';
import { readMap } from './static-map.ts';

export type Kind =
  | 'text'
  | 'number'
  | 'textarea'
  | 'expression'
  | 'date'
  | 'checkbox'
  | 'select'
  | 'multiselect'
  | 'radio'
  | 'file'
  | 'link'
  | 'map'
  | 'json';

/** A tab to open to reach a field. */
export interface TabRef {
  readonly list: string;
  readonly tab: string;
}

export interface Field {
  /** Its position; unique in the form. */
  readonly id: string;
  /** Key of its value. Fields with the same name in the same store share a value, as they do when saved. */
  readonly valueKey: string;
  /** Undefined in a form without stores. */
  readonly store: string | undefined;
  /** Undefined if it cannot be saved. */
  readonly name: string | undefined;
  readonly label: string;
  readonly help: string;
  readonly placeholder: string;
  readonly kind: Kind;
  readonly stored: Json;
  readonly isRequired: boolean;
  readonly isDisabled: boolean;
  readonly isHidden: boolean;
  readonly tabPath: readonly TabRef[];
  readonly raw: JsonObject;
}

const KINDS: ReadonlyMap<Json | undefined, Kind> = new Map([
  [undefined, 'text'],
  ['input', 'text'],
  ['text', 'text'],
  ['number', 'number'],
  ['integer', 'number'],
  ['textarea', 'textarea'],
  ['expression', 'expression'],
  ['date', 'date'],
  ['checkbox', 'checkbox'],
  ['select', 'select'],
  ['multiselect', 'multiselect'],
  ['radio', 'radio'],
  ['radiogroup', 'radio'],
  ['file', 'file'],
  ['uploadfile', 'file'],
  ['link', 'link'],
  ['staticMapWidget', 'map'],
]);

export const valueKeyOf = (store: string | undefined, name: string): string => JSON.stringify([store ?? null, name]);

export function readField(raw: JsonObject, id: string, store: string | undefined, tabPath: readonly TabRef[]): Field {
  const named = typeof raw.name === 'string' || typeof raw.name === 'number' ? String(raw.name) : '';
  const name = named === '' ? undefined : named;
  return {
    id,
    valueKey: name === undefined ? `#${id}` : valueKeyOf(store, name),
    store,
    name,
    label: labelOf(raw.label, raw.title, name) || 'Unnamed field',
    help: helpOf(raw.help, raw.helpText, raw.tooltip, raw.description),
    placeholder: labelOf(raw.placeholder),
    kind: kindOf(raw),
    stored: raw.value ?? null,
    isRequired: raw.required === true,
    isDisabled: raw.disabled === true || name === undefined,
    isHidden: raw.hidden === true || raw.visible === false,
    tabPath,
    raw,
  };
}

/** By type. `json` for unknown types and for values that the type's control cannot show. */
function kindOf(raw: JsonObject): Kind {
  const kind = KINDS.get(raw.type === null || raw.type === '' ? undefined : raw.type) ?? 'json';
  const value = raw.value ?? null;
  switch (kind) {
    case 'checkbox':
      return typeof value === 'boolean' || isEmpty(value) || value === 'true' || value === 'false' ? kind : 'json';
    case 'select':
    case 'radio':
      if (!isScalar(plainValue(value))) return 'json';
      return hasOptions(raw) ? kind : isText(value) ? 'text' : 'json';
    case 'multiselect':
      return hasOptions(raw) && asList(value).every((item) => isScalar(plainValue(item))) ? kind : 'json';
    case 'map':
      return readMap(raw) ? kind : 'json';
    case 'link':
    case 'json':
      return kind;
    default:
      return isText(value) ? kind : 'json';
  }
}

const hasOptions = (raw: JsonObject): boolean =>
  parseOptions(raw.options) !== undefined || raw.supportsRefresh === true;
const isText = (value: Json): boolean => value === null || typeof value === 'string' || typeof value === 'number';
const isScalar = (value: Json): boolean => value === null || typeof value !== 'object';

/** The value of a multiselect as a list. */
export function asList(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  return isEmpty(value) ? [] : [value as Json];
}

/** The value as text for its control. */
export function formatValue(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return isJsonObject(value) || Array.isArray(value) ? JSON.stringify(value, null, 2) : String(value);
}
