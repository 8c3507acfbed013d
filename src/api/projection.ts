/** `include` and `exclude`: comma lists of fields in dot notation (contract 3). */
import Type from '#typebox';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { ApiContext } from './context.ts';
import { badQuery, queryOf } from './query.ts';

/** What everything takes that replies a record, or several. */
export const ProjectionQuery = Type.Object({
  include: Type.Optional(Type.String({ description: 'Fields to reply, with commas between, in dot notation.' })),
  exclude: Type.Optional(Type.String({ description: 'Fields to leave out; not together with `include`.' })),
});

const FIELDS_MAX = 2_000;
const LEVELS_MAX = 50;

type Project = (record: JsonObject) => JsonObject;

/** The id is always there. @throws RequestError `invalid_query_params` */
export function projectionOf(ctx: ApiContext): Project {
  return projection(queryOf(ctx, 'include'), queryOf(ctx, 'exclude'));
}

export function projection(include: string | undefined, exclude: string | undefined): Project {
  if (include !== undefined && exclude !== undefined) throw badQuery('include and exclude exclude each other');
  if (include !== undefined) {
    const wanted = fieldsOf(include);
    wanted.set('_id', null);
    return (record) => included(record, wanted);
  }
  if (exclude !== undefined) {
    const unwanted = fieldsOf(exclude);
    unwanted.delete('_id');
    return (record) => excluded(record, unwanted);
  }
  return (record) => record;
}

/** Fields by their names; `null` for a whole one, or those below it. */
type Fields = Map<string, Fields | null>;

function fieldsOf(list: string): Fields {
  const root: Fields = new Map();
  const paths = list.split(',', FIELDS_MAX + 1);
  if (paths.length > FIELDS_MAX) throw badQuery(`more than ${FIELDS_MAX} fields are named`);
  for (const path of paths) if (path.trim() !== '') addField(root, path.trim());
  return root;
}

function addField(root: Fields, path: string): void {
  const names = path.split('.', LEVELS_MAX + 1);
  if (names.length > LEVELS_MAX) throw badQuery(`a field is named by a path of more than ${LEVELS_MAX} names`);
  const last = names.pop() as string;
  let fields = root;
  for (const name of names) {
    const known = fields.get(name);
    // All of it is meant already.
    if (known === null) return;
    const below: Fields = known ?? new Map();
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
