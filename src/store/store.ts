/**
 * The store: one document per integration, with all that the integration groups. Another engine can
 * stand behind this interface.
 */
import Type, { type Static } from 'typebox';
import type { JsonObject } from '../json.ts';

export const FORMAT = 1;
export const recordKinds = ['connections', 'exports', 'imports', 'flows'] as const;
export type RecordKind = (typeof recordKinds)[number];

const ObjectId = Type.String({ pattern: '^[0-9a-f]{24}$' });
const Timestamp = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });

/** What every integration and record has; the rest is its owner's. */
const Stored = Type.Object({ _id: ObjectId, createdAt: Timestamp, lastModified: Timestamp });
export type Stored = Static<typeof Stored> & JsonObject;

const Records = Type.Record(Type.String(), Stored);

/** One file, row or value of the store. */
export const Document = Type.Object(
  {
    format: Type.Literal(FORMAT),
    integration: Stored,
    /** How often the integration and each record was written, by `_id`; finds conflicts. */
    revisions: Type.Record(Type.String(), Type.Integer({ minimum: 1 })),
    connections: Records,
    exports: Records,
    imports: Records,
    flows: Records,
    state: Type.Record(Type.String(), Type.Unknown()),
  },
  { additionalProperties: false },
);

export interface Document {
  readonly format: typeof FORMAT;
  readonly integration: Stored;
  readonly revisions: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, Stored>>;
  readonly exports: Readonly<Record<string, Stored>>;
  readonly imports: Readonly<Record<string, Stored>>;
  readonly flows: Readonly<Record<string, Stored>>;
  readonly state: JsonObject;
}

/** Makes the next document of the present one; `undefined` for none. Synchronous; may throw. */
export type Change = (current: Document | undefined) => Document | undefined;

export interface StoreProblem {
  /** What is damaged, for a person to find. */
  readonly name: string;
  readonly message: string;
}

/** Documents are never changed in place: what `get` gave stays as it was. */
export interface Store {
  get(integrationId: string): Promise<Document | undefined>;
  /** The integrations, oldest first. */
  list(): Promise<readonly Stored[]>;
  /** Every document, in no particular order. */
  documents(): Promise<readonly Document[]>;
  /** The integration that a record belongs to. */
  ownerOf(recordId: string): Promise<string | undefined>;
  /**
   * Applies a change to the document as it is at that moment and writes the result. When it resolves
   * the result is durable and `get` shows it; when it rejects nothing has changed. Commits on one
   * integration happen one after the other.
   */
  commit(integrationId: string, change: Change): Promise<Document | undefined>;
  /** What could not be taken from the disk at start. */
  readonly problems: readonly StoreProblem[];
  close(): Promise<void>;
}

/** A document that breaks a rule of the store, or a disk that does not take it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: 'store_unavailable' | 'store_full' | 'store_locked';
  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The ids of a document's records, of every kind. */
export function recordIdsOf(document: Document | undefined): string[] {
  return document ? recordKinds.flatMap((kind) => Object.keys(document[kind])) : [];
}

/** Oldest first; of the same millisecond, in the order of their ids, which count up. */
export function byAge(a: Stored, b: Stored): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a._id < b._id ? -1 : a._id > b._id ? 1 : 0;
}
