/** The shape of connections, exports, imports and flows (contract 8). Pure. */
import Type, { Compile } from '#typebox';
import { ERRORS_MAX, type ErrorCode, FIELD_CHARS, fieldErrors } from '../errors.ts';
import { isStorable, type Json, type JsonObject } from '../json.ts';
import { findings } from '../schema.ts';
import { shorten } from '../shorten.ts';

const Id = Type.String({ pattern: '^[0-9a-f]{24}$' });

/** Fields of every record. Any other JSON is up to its owner. */
export const RecordFields = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
  type: Type.Optional(Type.String({ maxLength: 200 })),
  _integrationId: Type.Optional(Id),
  _connectorId: Type.Optional(Id),
  encryptedFields: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 500 }), { maxItems: 100 })),
});
const validRecord = Compile(RecordFields);

const DEPTH_LIMIT = 100;
/** Read by the runtime, so they cannot be encrypted. */
const RUNTIME_FIELDS = [
  '_id',
  'createdAt',
  'lastModified',
  '_integrationId',
  '_connectorId',
  'name',
  'type',
  'encryptedFields',
  'unencryptedFields',
];

export interface FieldProblem {
  readonly code: ErrorCode;
  readonly field: string;
  readonly message: string;
}

/**
 * Checks a record by itself, without its references.
 *
 * @param others checks for its kind; called only if the record does not nest too deep
 * @throws RequestError with every invalid field
 */
export function assertRecord(record: JsonObject, others: () => readonly FieldProblem[] = () => []): void {
  const problems: FieldProblem[] = findings(validRecord, record);
  const shapeProblems = problems.length;
  for (const [name, value] of Object.entries(record)) {
    if (isStorable(value, DEPTH_LIMIT)) continue;
    if (problems.length >= ERRORS_MAX) break;
    const field = shorten(name, FIELD_CHARS);
    const message = `${field} nests deeper than ${DEPTH_LIMIT} levels, or contains a number that JSON cannot represent`;
    problems.push({ code: 'invalid_field', field, message });
  }
  if (problems.length === shapeProblems) problems.push(...others());
  const { encryptedFields = [] } = record as { encryptedFields?: readonly string[] };
  const runtimeFields = Array.isArray(encryptedFields)
    ? encryptedFields.filter((path) => RUNTIME_FIELDS.includes(path))
    : [];
  if (runtimeFields.length > 0) {
    const message = `encryptedFields names ${runtimeFields.join(', ')}, which the runtime reads`;
    problems.push({ code: 'invalid_field', field: 'encryptedFields', message });
  }
  if (problems.length > 0) throw fieldErrors(problems);
}

/** The value at a path of keys. */
export function at(record: Json | undefined, path: readonly string[]): Json | undefined {
  let value = record;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, Json>)[key];
  }
  return value;
}
