/** Parts of records, as `include` and `exclude` name them (contract 3). Pure. */
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** Fields by their names; `null` for a whole one, or those below it. */
export type Fields = Map<string, Fields | null>;

export function fieldsOf(list: string): Fields {
  const root: Fields = new Map();
  for (const path of list.split(',').map((each) => each.trim())) if (path !== '') addField(root, path.split('.'));
  return root;
}

function addField(fields: Fields, [name = '', ...rest]: readonly string[]): void {
  const known = fields.get(name);
  if (known === null) return;
  if (rest.length === 0) {
    fields.set(name, null);
    return;
  }
  const below = known ?? new Map();
  fields.set(name, below);
  addField(below, rest);
}

function included(record: JsonObject, fields: Fields): JsonObject {
  const entries = Object.entries(record).flatMap(([name, value]): [string, Json][] => {
    const below = fields.get(name);
    if (below === undefined) return [];
    if (below === null) return [[name, value]];
    return isJsonObject(value) ? [[name, included(value, below)]] : [];
  });
  return Object.fromEntries(entries);
}

function excluded(record: JsonObject, fields: Fields): JsonObject {
  const entries = Object.entries(record).flatMap(([name, value]): [string, Json][] => {
    const below = fields.get(name);
    if (below === null) return [];
    return [[name, below && isJsonObject(value) ? excluded(value, below) : value]];
  });
  return Object.fromEntries(entries);
}

export interface Projection {
  readonly mode: 'include' | 'exclude';
  readonly fields: Fields;
}

/** Whether what is shown depends on a field. */
export function isAbout({ mode, fields }: Projection, name: string): boolean {
  const field = fields.get(name);
  return mode === 'include' ? field !== undefined : field !== null;
}

export function project(record: JsonObject, projection: Projection | undefined): JsonObject {
  if (!projection) return record;
  const { mode, fields } = projection;
  return mode === 'include' ? included(record, fields) : excluded(record, fields);
}
