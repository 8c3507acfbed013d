/** Connections, exports, imports and flows: what they hold, and what they refer to (contract 8). Pure. */
import Type, { Compile } from '#typebox';
import { type ErrorCode, fieldErrors } from '../errors.ts';
import { isStorable, type Json, type JsonObject } from '../json.ts';
import { findings } from '../schema.ts';
import type { RecordKind, Stored } from '../store/store.ts';

const Id = Type.String({ pattern: '^[0-9a-f]{24}$' });

/** What every record has; any further JSON is its owner's. */
export const RecordFields = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
  type: Type.Optional(Type.String({ maxLength: 200 })),
  _integrationId: Type.Optional(Id),
  _connectorId: Type.Optional(Id),
  encryptedFields: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { maxItems: 100 })),
});
const validRecord = Compile(RecordFields);

const DEPTH_LIMIT = 100;
/** Fields that the runtime reads. */
const READABLE = [
  '_id',
  'createdAt',
  'lastModified',
  '_integrationId',
  '_connectorId',
  'name',
  'type',
  'encryptedFields',
];

/** Fields that name another record, at whatever depth they stand. */
const referenceKinds: Readonly<Record<string, RecordKind>> = {
  _connectionId: 'connections',
  _exportId: 'exports',
  _importId: 'imports',
};

export interface Reference {
  /** Dotted path. */
  readonly field: string;
  readonly kind: RecordKind;
  readonly id: Json;
}

/** Records are never changed in place: what one refers to is looked for once. */
const known = new WeakMap<JsonObject, readonly Reference[]>();

export function referencesOf(record: JsonObject): readonly Reference[] {
  const present = known.get(record);
  if (present) return present;
  const found: Reference[] = [];
  const path: string[] = [];
  const visit = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      const inner = (value as JsonObject)[key] as Json;
      const kind = Object.hasOwn(referenceKinds, key) ? referenceKinds[key] : undefined;
      if (!kind && typeof inner !== 'object') continue;
      path.push(key);
      if (kind && inner !== null) found.push({ field: path.join('.'), kind, id: inner });
      else visit(inner);
      path.pop();
    }
  };
  visit(record);
  known.set(record, found);
  return found;
}

/** What is wrong with a record by itself. @throws RequestError with every wrong field */
export function assertRecord(record: JsonObject): void {
  const found: { code: ErrorCode; field: string; message: string }[] = findings(validRecord, record);
  for (const [field, value] of Object.entries(record)) {
    if (isStorable(value, DEPTH_LIMIT)) continue;
    const message = `${field} nests deeper than ${DEPTH_LIMIT} levels or holds a number that JSON cannot`;
    found.push({ code: 'invalid_field', field, message });
  }
  const { encryptedFields = [] } = record as { encryptedFields?: readonly string[] };
  const readable = Array.isArray(encryptedFields) ? encryptedFields.filter((path) => READABLE.includes(path)) : [];
  if (readable.length > 0) {
    const message = `encryptedFields names ${readable.join(', ')}, which the runtime reads`;
    found.push({ code: 'invalid_field', field: 'encryptedFields', message });
  }
  if (found.length > 0) throw fieldErrors(found);
}

/** The record that a reference names, if it is one. */
type Find = (kind: RecordKind, id: string) => Stored | undefined;

/** @returns the ids of the records that it refers to. @throws RequestError `invalid_ref` for each that is not there */
export function assertReferences(record: JsonObject, find: Find): string[] {
  const references = referencesOf(record);
  const isThere = ({ kind, id }: Reference): boolean => typeof id === 'string' && find(kind, id) !== undefined;
  const missing = references.filter((reference) => !isThere(reference));
  if (missing.length > 0) {
    throw fieldErrors(
      missing.map(({ field, kind }) => ({
        code: 'invalid_ref',
        field,
        message: `${field} names none of the ${kind} of this integration`,
      })),
    );
  }
  return references.map(({ id }) => id as string);
}

/** Whether a record refers to another. */
export function refersTo(record: Stored, kind: RecordKind, id: string): boolean {
  return referencesOf(record).some((reference) => reference.kind === kind && reference.id === id);
}

/** Where in a record a path of keys leads. */
export function at(record: Json | undefined, path: readonly string[]): Json | undefined {
  let value = record;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, Json>)[key];
  }
  return value;
}

/**
 * Where the credentials may go: the origin of `http.baseURI`. One with a user and a password of its own is
 * none, since they would stand there for everybody to see; and a star names more than one.
 *
 * @returns nothing if there is none
 */
export function originOf(connection: JsonObject | undefined): string | undefined {
  const base = at(connection, ['http', 'baseURI']);
  if (typeof base !== 'string' || !/^https?:\/\//i.test(base) || !URL.canParse(base)) return undefined;
  const { origin, hostname, username, password } = new URL(base);
  return username === '' && password === '' && !hostname.includes('*') ? origin : undefined;
}
