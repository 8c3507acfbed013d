/** The stored JSON: the schema of a document, and the fields that every record has. */
import Type, { type Static } from '#typebox';
import type { JsonObject } from '../json.ts';

export const FORMAT = 1;
/** Limit of a document: UTF-8 bytes of its JSON, records and state included. */
export const DOCUMENT_BYTES = 32 * 1024 * 1024;
/** Connections, exports, imports and flows of one integration together. */
export const RECORDS_MAX = 20_000;
/** State keys per integration. */
export const STATE_KEYS_MAX = 1_000;

/** The kinds of records, and the field by which other records refer to one (contract 8). */
export const referenceFields = {
  connections: '_connectionId',
  exports: '_exportId',
  imports: '_importId',
  flows: undefined,
} as const;
export type RecordKind = keyof typeof referenceFields;
export const recordKinds = Object.keys(referenceFields) as readonly RecordKind[];

export const isRecordKind = (name: string): name is RecordKind => Object.hasOwn(referenceFields, name);

/** An object with a value for each kind of record. */
export const perRecordKind = <T>(make: (kind: RecordKind) => T): Record<RecordKind, T> =>
  Object.fromEntries(recordKinds.map((kind) => [kind, make(kind)])) as Record<RecordKind, T>;

export const ObjectId = Type.String({ pattern: '^[0-9a-f]{24}$' });
export const Timestamp = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });

/** The fields of every integration and record; the store does not read the others. */
export const Stored = Type.Object({ _id: ObjectId, createdAt: Timestamp, lastModified: Timestamp });
export type Stored = Static<typeof Stored> & JsonObject;

/** Well below 2^53, above which adding one to a number can have no effect. */
const REVISION_MAX = 2 ** 52;

/** Sealed tokens of one connection. */
export const TOKENS_CHARS = 256 * 1024;

const Records = Type.Record(Type.String(), Stored);

/** A document as stored. */
export const DocumentJson = Type.Object(
  {
    format: Type.Literal(FORMAT),
    integration: Stored,
    /** Number of writes of the integration, each record (by `_id`) and each state key; detects conflicts. */
    revisions: Type.Record(Type.String(), Type.Integer({ minimum: 1, maximum: REVISION_MAX })),
    ...perRecordKind(() => Records),
    /** Sealed OAuth tokens by connection. Missing if there are none. */
    tokens: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: TOKENS_CHARS }))),
    /** Progress of jobs, by flow. Missing if there are none. */
    checkpoints: Type.Optional(Type.Record(Type.String(), Type.Object({}))),
    state: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);

export interface DocumentJson extends Readonly<Record<RecordKind, Readonly<Record<string, Stored>>>> {
  readonly format: typeof FORMAT;
  readonly integration: Stored;
  readonly revisions: Readonly<Record<string, number>>;
  readonly tokens?: Readonly<Record<string, string>>;
  readonly checkpoints?: Readonly<Record<string, JsonObject>>;
  readonly state: JsonObject;
}

/** Orders integrations and records, and serves as a cursor that outlives them. */
export type SortKey = readonly [createdAt: string, _id: string];

type Aged = Pick<Static<typeof Stored>, 'createdAt' | '_id'>;

/** Oldest first; within a millisecond by id, because ids count up. */
export function byAge(a: Aged, b: Aged): number {
  return compareSortKeys(sortKeyOf(a), sortKeyOf(b));
}

export const sortKeyOf = ({ createdAt, _id }: Aged): SortKey => [createdAt, _id];

export function compareSortKeys(a: SortKey, b: SortKey): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}
