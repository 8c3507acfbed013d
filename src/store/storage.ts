/**
 * Everything durable, behind one port. An engine implements all of it; `openStorage` opens the engine of a data
 * folder. What lives in this process alone (in-flight counters, caches, warm isolates) is not here.
 */
import type { JsonObject } from '../json.ts';
import type { Store, StoreProblem } from './store.ts';

export interface Storage {
  /** Integrations with all that they group. */
  readonly documents: Store;
  readonly runs: RunStore;
  readonly idempotency: IdempotencyStore;
  readonly permissions: PermissionRecords;
  readonly bundles: BundleStore;
  readonly tokens: TokenStore;
  /** What is damaged or cannot be written, the documents' problems included. */
  readonly problems: readonly StoreProblem[];
  /** Idempotent. */
  close(): Promise<void>;
}

/** A run's record; its other fields are the owner's. */
export interface StoredRun {
  readonly _id: string;
  readonly _integrationId: string;
}

/** Ended runs retained per integration. */
export const RUNS_RETAINED = 100;

export interface RunChanges<Run extends StoredRun> {
  /** Runs that are running now. */
  readonly running?: readonly Run[];
  /** Runs that have ended; each list belongs to one integration. They are not running any more. */
  readonly ended?: readonly (readonly Run[])[];
  /** Ids of runs that are not running any more, and left no record. */
  readonly dropped?: readonly string[];
}

/**
 * The last runs of each integration. A write survives the process; it may get lost with the machine. A run that was
 * running when its process died is listed as ended with the outcome `cut_off`.
 */
export interface RunStore<Run extends StoredRun = StoredRun> {
  /** All of it or nothing. */
  write(changes: RunChanges<Run>): Promise<void>;
  /** An ended run. */
  find(integrationId: string, runId: string): Promise<Run | undefined>;
  /** Ids of the last `RUNS_RETAINED` ended runs, oldest first. */
  idsOf(integrationId: string): Promise<string[]>;
  newestOf(integrationId: string): Promise<string | undefined>;
  integrationIds(): Promise<string[]>;
  /** Removes all runs of an integration. */
  forget(integrationId: string): Promise<void>;
}

export interface StoredReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** What a request creates: `kind` and `id` of the record, and the status that says so. */
export interface Creation {
  readonly kind: string;
  readonly id: string;
  readonly status: number;
}

export interface IdempotentRequest {
  /** Digest of the request. */
  readonly request: string;
  readonly creation: Creation;
  /** Missing while the request is running, and after a crash. */
  readonly reply?: StoredReply;
}

/**
 * Requests with an `Idempotency-Key`. A key is durable before its request does anything, together with the id of what
 * it will create: whatever happens then, the documents tell whether it was done. Keys are kept for 24 hours.
 */
export interface IdempotencyStore {
  find(key: string): Promise<IdempotentRequest | undefined>;
  /** Durable when it resolves. @returns false if the key exists; nothing has changed then. @throws StoreError */
  begin(key: string, request: IdempotentRequest): Promise<boolean>;
  /** Survives the process; without it the reply is made again from the documents. */
  finish(key: string, reply: StoredReply): Promise<void>;
  /** The request did nothing and may be repeated. */
  drop(key: string): Promise<void>;
  /** Requests that a process began and did not finish. */
  unfinished(): Promise<{ readonly key: string; readonly creation: Creation }[]>;
}

/** A connector's record of granted permissions; its fields are the connector room's. */
export type PermissionRecord = JsonObject & { readonly _id: string };

export interface PermissionRecords {
  /** `record` is what is stored under the id: undefined if it is not JSON. */
  all(): Promise<{ readonly connectorId: string; readonly record: unknown }[]>;
  /** Durable when it resolves. */
  put(record: PermissionRecord): Promise<void>;
  /**
   * Records were lost with a damaged database: a connector without a record may have had one, so that nothing may be
   * granted to it by itself.
   */
  readonly wereLost: boolean;
}

/** The bundle that each connector served last, as a tarball. */
export interface BundleStore {
  /** Newest first. */
  list(): Promise<{ readonly connectorId: string; readonly digest: string }[]>;
  /** @throws NodeJS.ErrnoException */
  read(connectorId: string, digest: string): Promise<Buffer>;
  /** Durable when it resolves. */
  write(connectorId: string, digest: string, tarball: Buffer): Promise<void>;
  remove(connectorId: string, digest: string): Promise<void>;
}

export interface TokenStore {
  /** SHA-256 in hex of the administrator's token. @throws StoreError if what is stored is not one */
  adminTokenHash(): Promise<string | undefined>;
  /** Durable when it resolves. */
  setAdminTokenHash(hash: string): Promise<void>;
}
