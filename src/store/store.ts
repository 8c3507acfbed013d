/**
 * The store: one document per integration, with all that the integration groups. Another engine can
 * stand behind this interface.
 */
import Type, { type Static } from '#typebox';
import type { JsonObject } from '../json.ts';

export const FORMAT = 1;
/**
 * Of a document as JSON: an integration with all that it groups. It is written in one piece, and while it is
 * made into text nobody else is served.
 */
export const DOCUMENT_BYTES = 32 * 1024 * 1024;
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
export const Document = Type.Object(
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

/** A place among the integrations, whether what stood there is still there or not. */
export type Place = readonly [createdAt: string, _id: string];

/** What one commit made of a document; neither side is ever changed in place. */
export interface StoreChange {
  readonly integrationId: string;
  /** Undefined: it is new. */
  readonly before: Document | undefined;
  /** Undefined: it is gone. */
  readonly after: Document | undefined;
}

/** Documents are never changed in place: what `get` gave stays as it was. */
export interface Store {
  get(integrationId: string): Promise<Document | undefined>;
  /** Oldest first, those after a place; gives way to others between documents, and shows what they do. */
  documents(after?: Place): AsyncIterable<Document>;
  /** The integration that a record belongs to; an integration belongs to itself. */
  ownerOf(id: string): Promise<string | undefined>;
  /**
   * Applies a change to the document as it is at that moment and writes the result. When it resolves
   * the result is durable and `get` shows it; when it rejects nothing has changed. Commits on one
   * integration happen one after the other.
   */
  commit(integrationId: string, change: Change): Promise<Document | undefined>;
  /**
   * The change feed: tells of each commit that changed something, once it is durable and `get` shows it,
   * before `commit` resolves; those of one integration in their order. The listener must not throw.
   *
   * @returns what ends it
   */
  follow(listener: (change: StoreChange) => void): () => void;
  /** What could not be taken from the disk at start, and what is amiss with it now. */
  readonly problems: readonly StoreProblem[];
  close(): Promise<void>;
}

/** A document that breaks a rule of the store, or a disk that does not take it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: 'store_unavailable' | 'store_full' | 'store_locked' | 'integration_too_large';
  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function tooLarge(integrationId: string): StoreError {
  return new StoreError('integration_too_large', `${integrationId} would hold more than ${DOCUMENT_BYTES} bytes.`);
}

/** The ids of a document's records, of every kind. */
export function recordIdsOf(document: Document | undefined): string[] {
  return document ? recordKinds.flatMap((kind) => Object.keys(document[kind])) : [];
}

/** Oldest first; of the same millisecond, in the order of their ids, which count up. */
export function byAge(a: Stored, b: Stored): number {
  return comparePlaces(placeOf(a), placeOf(b));
}

export const placeOf = ({ createdAt, _id }: Stored): Place => [createdAt, _id];

export function comparePlaces(a: Place, b: Place): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}
