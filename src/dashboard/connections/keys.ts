/** Named values of a connection (`encrypted`, `unencrypted`), what they are called, and the headers that send them. Pure. */
import { asString, isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { listAt, objectAt, valueAt, withValue } from './record-values.ts';

/** `http` or `wrapper`. */
type Base = string;
type Group = 'encrypted' | 'unencrypted';

export interface KeyField {
  readonly id: string;
  readonly label: string;
  readonly help: string | undefined;
  readonly isRequired: boolean;
}

/** Those that `encryptedFields` describes, in its order or by `position`, then the others. */
export function keyFieldsOf(record: JsonObject, base: Base, group: Group): readonly KeyField[] {
  const described = listAt(record, [base, `${group}Fields`])
    .map((entry, index) => ({ entry, position: isJsonObject(entry) ? Number(entry.position ?? index) : index }))
    .sort((a, b) => a.position - b.position)
    .map(({ entry }) => entry);
  const all = [...described, ...Object.keys(objectAt(record, [base, group]))].flatMap(fieldOf);
  return all.filter(({ id }, index) => all.findIndex((other) => other.id === id) === index);
}

function fieldOf(entry: Json): KeyField[] {
  if (typeof entry === 'string') return [{ id: entry, label: entry, help: undefined, isRequired: false }];
  const id = isJsonObject(entry) ? asString(entry.id) : undefined;
  if (!isJsonObject(entry) || !id) return [];
  return [
    { id, label: asString(entry.label) || id, help: asString(entry.helpText), isRequired: entry.required === true },
  ];
}

export function withKey(
  record: JsonObject,
  base: Base,
  group: Group,
  field: { id: string; label: string },
): JsonObject {
  const list = [base, `${group}Fields`];
  return withValue(withValue(record, [base, group, field.id], ''), list, [...listAt(record, list), { ...field }]);
}

/** Removes its description and its header, too. */
export function withoutKey(record: JsonObject, base: Base, group: Group, id: string): JsonObject {
  const list = [base, `${group}Fields`];
  const rest = listAt(record, list).filter((entry) => entry !== id && !(isJsonObject(entry) && entry.id === id));
  const next = withValue(withoutHeader(record, id), [base, group, id], undefined);
  return valueAt(record, list) === undefined ? next : withValue(next, list, rest);
}

export const hasApiKeys = (record: JsonObject | undefined): boolean =>
  record !== undefined && keyFieldsOf(record, 'http', 'encrypted').length > 0;

export function withoutApiKeys(record: JsonObject): JsonObject {
  return keyFieldsOf(record, 'http', 'encrypted').reduce<JsonObject>(
    (rest, { id }) => withoutKey(rest, 'http', 'encrypted', id),
    record,
  );
}

/** For a new API key: `key`, `key2` and so on. */
export function freeKey(record: JsonObject): { readonly id: string; readonly label: string } {
  const taken = new Set(keyFieldsOf(record, 'http', 'encrypted').map(({ id }) => id));
  for (let number = 1; ; number++) {
    const id = number === 1 ? 'key' : `key${number}`;
    if (!taken.has(id)) return { id, label: number === 1 ? 'API key' : `API key ${number}` };
  }
}

/** Stands for a key's value in headers, queries and bodies. */
export const templateOf = (id: string): string => `{{connection.http.encrypted.${id}}}`;

const HEADERS = 'http.headers';

/** The position in `http.headers` of the header that sends a key; -1 if there is none. */
export const headerIndexOf = (record: JsonObject, id: string): number =>
  listAt(record, HEADERS).findIndex(
    (header) =>
      isJsonObject(header) && withoutBlanks(asString(header.value) ?? '').includes(withoutBlanks(templateOf(id))),
  );

const withoutBlanks = (text: string): string => text.replace(/\s/g, '');

export const headerNameOf = (record: JsonObject, id: string): string => {
  const header = listAt(record, HEADERS)[headerIndexOf(record, id)];
  return isJsonObject(header) ? (asString(header.name) ?? '') : '';
};

/** Sends a key in the header of that name. */
export function withHeader(record: JsonObject, id: string, name: string): JsonObject {
  const headers = listAt(record, HEADERS);
  const index = headerIndexOf(record, id);
  const next =
    index === -1
      ? [...headers, { name, value: templateOf(id) }]
      : headers.map((header, at) => (at === index && isJsonObject(header) ? { ...header, name } : header));
  return withValue(record, HEADERS, next);
}

export function withoutHeader(record: JsonObject, id: string): JsonObject {
  const index = headerIndexOf(record, id);
  if (index === -1) return record;
  return withValue(
    record,
    HEADERS,
    listAt(record, HEADERS).filter((_, at) => at !== index),
  );
}
