/** The query parameters `include` and `exclude`: comma-separated fields in dot notation (contract 3). Pure. */
import { requestError } from './errors.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

const FIELDS_MAX = 2_000;
const LEVELS_MAX = 50;

/** A tree of field names. `null` means the whole field. */
export type Fields = Map<string, Fields | null>;

export interface Projection {
  readonly mode: 'include' | 'exclude';
  readonly fields: Fields;
}

/** `_id` is always included. @throws RequestError `invalid_query_params` */
export function projection(include: string | undefined, exclude: string | undefined): Projection | undefined {
  if (include !== undefined && exclude !== undefined) throw badQuery('use either include or exclude, not both');
  if (include !== undefined) {
    const fields = fieldsOf(include);
    return { mode: 'include', fields: fields.set('_id', null) };
  }
  if (exclude === undefined) return undefined;
  const fields = fieldsOf(exclude);
  fields.delete('_id');
  return { mode: 'exclude', fields };
}

export function project(record: JsonObject, projection: Projection | undefined): JsonObject {
  if (!projection) return record;
  const { mode, fields } = projection;
  return mode === 'include' ? included(record, fields) : excluded(record, fields);
}

/** Whether the result depends on a field. */
export function concerns({ mode, fields }: Projection, name: string): boolean {
  const field = fields.get(name);
  return mode === 'include' ? field !== undefined : field !== null;
}

const badQuery = (message: string): Error => requestError('invalid_query_params', { message });

function fieldsOf(list: string): Fields {
  const root: Fields = new Map();
  const paths = list.split(',', FIELDS_MAX + 1);
  if (paths.length > FIELDS_MAX) throw badQuery(`at most ${FIELDS_MAX} fields are allowed`);
  for (const path of paths) if (path.trim() !== '') addField(root, path.trim());
  return root;
}

function addField(root: Fields, path: string): void {
  const names = path.split('.', LEVELS_MAX + 1);
  if (names.length > LEVELS_MAX) throw badQuery(`a field path has at most ${LEVELS_MAX} levels`);
  const last = names.pop() as string;
  let fields = root;
  for (const name of names) {
    const existing = fields.get(name);
    // The whole field is selected already.
    if (existing === null) return;
    const below: Fields = existing ?? new Map();
    fields.set(name, below);
    fields = below;
  }
  fields.set(last, null);
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
