/**
 * The store: one document per integration, with all that the integration groups. Another engine can
 * stand behind this interface.
 */
import type { Document } from './document.ts';
import { DOCUMENT_BYTES, RECORDS_MAX, type SortKey } from './stored.ts';

export {
  byAge,
  compareSortKeys,
  DOCUMENT_BYTES,
  FORMAT,
  ObjectId,
  type RecordKind,
  recordKinds,
  type SortKey,
  Stored,
  sortKeyOf,
  Timestamp,
} from './stored.ts';
export type { Document };

/** Makes the next document of the present one; `undefined` for none. Synchronous; may throw. */
export type Change = (current: Document | undefined) => Document | undefined;

export interface StoreProblem {
  /** What is damaged, for a person to find. */
  readonly name: string;
  readonly message: string;
}

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
  documents(after?: SortKey): AsyncIterable<Document>;
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

export function tooManyRecords(integrationId: string): StoreError {
  return new StoreError('integration_too_large', `${integrationId} would group more than ${RECORDS_MAX} records.`);
}
