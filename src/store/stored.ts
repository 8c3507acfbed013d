/** What is stored of an integration and its records, as JSON: the document's file, and what every record has. */
import Type, { type Static } from '#typebox';
import type { JsonObject } from '../json.ts';

export const FORMAT = 1;
/** Of a document as JSON, in UTF-8: an integration with all that it groups. */
export const DOCUMENT_BYTES = 32 * 1024 * 1024;
/** Connections, exports, imports and flows of one integration, all together. */
export const RECORDS_MAX = 20_000;
/** Of an integration's state. */
export const STATE_KEYS_MAX = 1_000;
export const recordKinds = ['connections', 'exports', 'imports', 'flows'] as const;
export type RecordKind = (typeof recordKinds)[number];

export const ObjectId = Type.String({ pattern: '^[0-9a-f]{24}$' });
export const Timestamp = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });

/** What every integration and record has; the rest is its owner's. */
export const Stored = Type.Object({ _id: ObjectId, createdAt: Timestamp, lastModified: Timestamp });
export type Stored = Static<typeof Stored> & JsonObject;

/** Far below what a number counts in ones to. */
const REVISION_MAX = 2 ** 52;

const Records = Type.Record(Type.String(), Stored);

/** One file, row or value of the store. */
export const DocumentJson = Type.Object(
  {
    format: Type.Literal(FORMAT),
    integration: Stored,
    /** How often the integration and each record was written, by `_id`; finds conflicts. */
    revisions: Type.Record(Type.String(), Type.Integer({ minimum: 1, maximum: REVISION_MAX })),
    connections: Records,
    exports: Records,
    imports: Records,
    flows: Records,
    state: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);

export interface DocumentJson {
  readonly format: typeof FORMAT;
  readonly integration: Stored;
  readonly revisions: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, Stored>>;
  readonly exports: Readonly<Record<string, Stored>>;
  readonly imports: Readonly<Record<string, Stored>>;
  readonly flows: Readonly<Record<string, Stored>>;
  readonly state: JsonObject;
}

/** A place among the integrations, whether what stood there is still there or not. */
export type SortKey = readonly [createdAt: string, _id: string];

/** Oldest first; of the same millisecond, in the order of their ids, which count up. */
export function byAge(a: Stored, b: Stored): number {
  return compareSortKeys(sortKeyOf(a), sortKeyOf(b));
}

export const sortKeyOf = ({ createdAt, _id }: Stored): SortKey => [createdAt, _id];

export function compareSortKeys(a: SortKey, b: SortKey): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}
