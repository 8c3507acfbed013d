/**
 * The document store: one document per integration, with its records and state. Any engine can implement
 * this interface.
 */
import type { Author } from './audit.ts';
import type { Document } from './document.ts';
import type { Part } from './part.ts';
import { DOCUMENT_BYTES, RECORDS_MAX, type RecordKind, type SortKey, type Stored } from './stored.ts';

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

/**
 * Computes the next document from the current one; `undefined` means none. Synchronous; may throw. It may be called
 * more than once, each time with a later document.
 */
export type Change = (current: Document | undefined) => Document | undefined;

export interface StoreProblem {
  /** The file or part that is damaged. */
  readonly name: string;
  readonly message: string;
}

/** One commit: the document before and after. */
export interface StoreChange {
  readonly integrationId: string;
  /** Undefined if the document is new. */
  readonly before: Document | undefined;
  /** Undefined if the document was removed. */
  readonly after: Document | undefined;
  /** Undefined: the change is not audited. */
  readonly author: Author | undefined;
}

export interface RecordQuery {
  /** Only records after this one. */
  readonly after: SortKey | undefined;
  /** Maximum number of records that the caller will read. */
  readonly limit: number;
  readonly matches: (head: Stored) => boolean;
}

/** Documents are immutable snapshots: a commit never changes one that `get` returned. */
export interface Store {
  get(integrationId: string): Promise<Document | undefined>;
  /**
   * Oldest first, starting after a sort key. Yields to the event loop; commits made meanwhile are visible.
   *
   * @param count estimate of how many the caller will read
   */
  documents(after?: SortKey, count?: number): AsyncIterable<Document>;
  /** The first `limit` records of all integrations that match, oldest first. */
  records(kind: RecordKind, query: RecordQuery): AsyncIterable<Part>;
  /** Id of the integration that a record belongs to. An integration belongs to itself. */
  ownerOf(id: string): Promise<string | undefined>;
  /**
   * Applies a change to the current document and writes the result. Once resolved, the result is durable
   * and visible to `get`; if it rejects, nothing has changed, unless the error says that the outcome is unknown.
   * Commits on one integration run in sequence.
   *
   * @param author for the audit log; without it the change is not audited
   */
  commit(integrationId: string, change: Change, author?: Author): Promise<Document | undefined>;
  /**
   * Locks an integration for work that lasts longer than a commit. The lock ends with the process that holds it.
   *
   * @returns unlocks; undefined if the integration is locked already
   */
  lock(integrationId: string): Promise<(() => Promise<void>) | undefined>;
  /** Whether an integration was locked when it was last read in this process. */
  isLocked(integrationId: string): boolean;
  /**
   * Subscribes to commits that changed something. The listener runs when the commit is durable and visible to
   * `get`, before `commit` resolves; commits of one integration arrive in order. It must not throw.
   *
   * @returns unsubscribes
   */
  subscribe(listener: (change: StoreChange) => void): () => void;
  /** What could not be loaded at start, and what fails now. */
  readonly problems: readonly StoreProblem[];
  close(): Promise<void>;
}

interface StoreErrorOptions extends ErrorOptions {
  readonly isOutcomeUnknown?: boolean;
}

/** The store refuses a document, or cannot read or write the data folder or the database. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: 'store_unavailable' | 'store_full' | 'store_locked' | 'integration_too_large';
  /** The store did not answer a write, and may have done it. */
  readonly isOutcomeUnknown: boolean;
  constructor(
    code: StoreError['code'],
    message: string,
    { isOutcomeUnknown = false, ...options }: StoreErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.isOutcomeUnknown = isOutcomeUnknown;
  }
}

export function tooLarge(integrationId: string): StoreError {
  return new StoreError('integration_too_large', `${integrationId} would exceed ${DOCUMENT_BYTES} bytes.`);
}

export function tooManyRecords(integrationId: string): StoreError {
  return new StoreError('integration_too_large', `${integrationId} would have more than ${RECORDS_MAX} records.`);
}
