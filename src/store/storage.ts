/**
 * The port for everything durable. An engine implements all of it; `openStorage` opens the engine of a data folder.
 * State of this process only (in-flight counters, caches, warm isolates) does not belong here.
 */
import type { JsonObject } from '../json.ts';
import type { AuditEntry } from './audit.ts';
import type { JobStore } from './jobs.ts';
import type { SharedCancellations, SharedEvents, SharedFolder } from './shared.ts';
import type { Store, StoreProblem } from './store.ts';
import type { SortKey } from './stored.ts';

export interface Storage {
  /** Integrations with their records and state. */
  readonly documents: Store;
  readonly runs: RunStore;
  readonly idempotency: IdempotencyStore;
  readonly permissions: PermissionRecords;
  readonly bundles: BundleStore;
  readonly tokens: TokenStore;
  readonly oauthClients: OAuthClientRecords;
  readonly accessTokens: AccessTokenStore;
  readonly audit: AuditStore;
  readonly jobs: JobStore;
  /** What is damaged or cannot be written, in all stores. */
  readonly problems: readonly StoreProblem[];
  /** Undefined for an engine that only one node can use. */
  readonly events?: SharedEvents;
  /** Undefined for an engine that only one node can use. */
  readonly folder?: SharedFolder;
  /** Undefined for an engine that only one node can use. */
  readonly cancellations?: SharedCancellations;
  /** Why nothing can be read or written at the moment. */
  readonly outage?: string | undefined;
  /** Names of the other nodes that share the storage and are alive. */
  readonly nodes?: { readonly others: ReadonlySet<string> };
  /** The time that all nodes agree on, in milliseconds since 1970. Undefined for an engine that only one node can use. */
  readonly now?: () => number;
  /** Idempotent. */
  close(): Promise<void>;
}

/** A run's record; the store does not read its other fields. */
export interface StoredRun {
  readonly _id: string;
  readonly _integrationId: string;
}

/** Ended runs retained per integration. */
export const RUNS_RETAINED = 100;

export interface RunChanges<Run extends StoredRun> {
  readonly running?: readonly Run[];
  /** Ended runs, one list per integration. */
  readonly ended?: readonly (readonly Run[])[];
  /** Ids of runs to remove from the running ones. */
  readonly dropped?: readonly string[];
}

/**
 * The last runs of each integration. A write survives a crash of the process, but maybe not of the machine. A run that
 * was running when its process died is listed as ended with the outcome `cut_off`.
 */
export interface RunStore<Run extends StoredRun = StoredRun> {
  /** Atomic. */
  write(changes: RunChanges<Run>): Promise<void>;
  /** Finds a run that has ended, or that another node is running. */
  find(integrationId: string, runId: string): Promise<Run | undefined>;
  /** Ids of the last `RUNS_RETAINED` runs that have ended or that another node is running, oldest first. */
  idsOf(integrationId: string): Promise<string[]>;
  newestOf(integrationId: string): Promise<string | undefined>;
  /** Integrations that have runs, in any order. */
  integrationIds(): Promise<string[]>;
  /**
   * The last `RUNS_RETAINED` runs as stored, several in a row, oldest row first. The first row may have older runs, too.
   * A running run has its own row with the outcome `cut_off`, which it will have if its process dies now.
   */
  rowsOf(integrationId: string): AsyncIterable<readonly Run[]>;
  /** Removes all runs of an integration. */
  forget(integrationId: string): Promise<void>;
}

export interface StoredReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** The record that a request creates, and the status of its reply. */
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
  /** Another node is running it. */
  readonly isRunningElsewhere?: true;
}

/** A request with everything that is stored about it. */
export interface StoredRequest extends Omit<IdempotentRequest, 'isRunningElsewhere'> {
  readonly key: string;
  /** When it began, in milliseconds since 1970. */
  readonly at: number;
}

export interface UnfinishedRequest {
  readonly key: string;
  readonly creation: Creation;
}

/**
 * Requests with an `Idempotency-Key`. The key is durable before its request does anything, together with the id of the
 * record it will create. After a crash, the documents show whether the request succeeded. Keys expire after 24 hours.
 */
export interface IdempotencyStore {
  find(key: string): Promise<IdempotentRequest | undefined>;
  /** Durable when it resolves. @returns false, without a change, if the key exists. @throws StoreError */
  begin(key: string, request: IdempotentRequest): Promise<boolean>;
  /** Survives the process. If the reply is lost, it is rebuilt from the documents. */
  finish(key: string, reply: StoredReply): Promise<void>;
  /** Removes a key whose request did nothing and may be repeated. */
  drop(key: string): Promise<void>;
  /** Requests of this node that began and did not finish. */
  unfinished(): Promise<UnfinishedRequest[]>;
  /** Every stored request, by key; some may have expired. */
  all(): AsyncIterable<StoredRequest>;
  /** Stores requests of another storage: all of them, durably, or none. Unfinished ones are settled at the next start. */
  put(requests: readonly StoredRequest[]): Promise<void>;
  /** Called with a dead node's unfinished requests, which this node has taken over. */
  onOrphans?: ((requests: readonly UnfinishedRequest[]) => void) | undefined;
}

/** A connector's granted permissions; only `src/connector` reads the other fields. */
export type PermissionRecord = JsonObject & { readonly _id: string };

export interface PermissionRecords {
  /** `record` is undefined if the stored text is not JSON. */
  all(): Promise<{ readonly connectorId: string; readonly record: unknown }[]>;
  /** Durable when it resolves. */
  put(record: PermissionRecord): Promise<void>;
  /** Stores the first record of a connector. Durable when it resolves. @returns false, without a change, if there is one */
  add(record: PermissionRecord): Promise<boolean>;
  /** Called when any node has changed a record. */
  onChange?: (() => void) | undefined;
  /**
   * A damaged database lost its records. A connector without a record may have had one, so do not grant it anything
   * automatically.
   */
  readonly wereLost: boolean;
  /** Sets `wereLost`, for good. */
  markLost(): Promise<void>;
}

export const noSuchBundle = (): NodeJS.ErrnoException =>
  Object.assign(new Error('There is no such bundle.'), { code: 'ENOENT' });

/** The bundle that each connector last served, as a tarball. */
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
  /** SHA-256 of the administrator's token, in hex. @throws StoreError if the stored value is malformed */
  adminTokenHash(): Promise<string | undefined>;
  /**
   * Stores the hash unless there is one, so that nodes that start together agree. Durable when it resolves.
   *
   * @returns the stored hash
   */
  ensureAdminTokenHash(hash: string): Promise<string>;
  /** Durable when it resolves. */
  setAdminTokenHash(hash: string): Promise<void>;
}

/** An access token without the token itself; only `src/api` reads the other fields. */
export type TokenRecord = JsonObject & { readonly _id: string; readonly createdAt: string };

export interface StoredToken {
  /** SHA-256 of the token, in hex. */
  readonly hash: string;
  readonly record: TokenRecord;
  /** Number of writes of the record. */
  readonly revision: number;
  /** When it expires, in milliseconds since 1970. From then on only `expire` finds it. */
  readonly expiresAt?: number;
  /** Milliseconds since 1970. */
  readonly lastUsedAt?: number;
}

/** Access tokens. A read on any node sees every resolved write on any node. Audit entries are stored with their write. */
export interface AccessTokenStore {
  /** Called for each request with an access token. */
  find(hash: string): Promise<StoredToken | undefined>;
  get(id: string): Promise<StoredToken | undefined>;
  /** Tokens after a sort key, oldest first, at most `limit`. */
  list(after: SortKey | undefined, limit: number): Promise<StoredToken[]>;
  count(): Promise<number>;
  /** Stores new tokens. Durable when it resolves. */
  add(tokens: readonly StoredToken[], entries?: readonly AuditEntry[]): Promise<void>;
  /** Stores the token if its revision is one above the stored one. Durable when it resolves. */
  replace(token: StoredToken, entries: readonly AuditEntry[]): Promise<boolean>;
  /** Durable when it resolves. @returns false if the revision differs */
  remove(id: string, revision: number, entries: readonly AuditEntry[]): Promise<boolean>;
  /** Records a use, unless one was recorded within the last minute. */
  used(id: string, at: number): Promise<void>;
  /** Removes expired tokens. @returns them */
  expire(): Promise<StoredToken[]>;
}

/** Minimum time between two recorded uses of a token. */
export const USES_NOTED_MS = 60_000;

export interface AuditQuery {
  /** Only entries after this one, or before it if the newest are listed first. */
  readonly after: SortKey | undefined;
  readonly limit: number;
  readonly newestFirst?: boolean;
  readonly resourceId?: string | undefined;
  /** The first time, inclusive, and the last, exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** The audit log. Entries of commits are stored by the engine, with the commit where it can. */
export interface AuditStore {
  /** Survives the process, but maybe not the machine. */
  add(entries: readonly AuditEntry[]): Promise<void>;
  /** In the order of time and id. */
  list(query: AuditQuery): Promise<AuditEntry[]>;
}

/** An OAuth client; the store does not read its other fields. Its secret is sealed. */
export interface StoredOAuthClient {
  readonly _id: string;
}

export interface OAuthClientRecords<Client extends StoredOAuthClient = StoredOAuthClient> {
  /** By id. */
  all(): Promise<Client[]>;
  find(id: string): Promise<Client | undefined>;
  /** Durable when it resolves. */
  put(client: Client): Promise<void>;
  /** Durable when it resolves. */
  remove(id: string): Promise<void>;
}

/** The key that seals credentials, if the runtime generated it. */
export interface KeyStore {
  read(): Promise<string | undefined>;
  /** Stores a key unless there is one. @returns the stored one */
  add(key: string): Promise<string>;
}
