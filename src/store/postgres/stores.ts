/** The stores that share one PostgreSQL database: everything except documents. */
import type { Storage, StoredRun } from '../storage.ts';
import { PostgresAccessTokenStore } from './access-token-store.ts';
import { PostgresAuditStore } from './audit-store.ts';
import { PostgresBundleStore } from './bundle-store.ts';
import type { Database } from './database.ts';
import { PostgresIdempotencyStore } from './idempotency-store.ts';
import { PostgresJobStore } from './job-store.ts';
import { PostgresRunStore } from './run-store.ts';
import { PostgresOAuthClientRecords, PostgresPermissionRecords, PostgresTokenStore } from './small-stores.ts';

export interface PostgresStores extends Pick<Storage, 'tokens' | 'oauthClients' | 'accessTokens' | 'bundles'> {
  readonly audit: PostgresAuditStore;
  readonly permissions: PostgresPermissionRecords;
  readonly runs: PostgresRunStore<StoredRun>;
  readonly idempotency: PostgresIdempotencyStore;
  readonly jobs: PostgresJobStore;
  /** Closes the database, too. Idempotent. */
  close(): Promise<void>;
}

export interface NodeOptions {
  /** This node's name. */
  readonly node: string;
  /** Replaces the database's clock. */
  readonly now?: (() => number) | undefined;
}

/** Lists runs that an earlier process with this node's name left behind as cut off. @throws StoreError */
export async function postgresStores(database: Database, { node, now }: NodeOptions): Promise<PostgresStores> {
  const runs = new PostgresRunStore(database, node);
  await runs.cutOff(node);
  const jobs = await PostgresJobStore.open(database, node);
  const audit = new PostgresAuditStore(database);
  const idempotency = new PostgresIdempotencyStore(database, node, now);
  return {
    runs,
    idempotency,
    permissions: await PostgresPermissionRecords.open(database),
    tokens: new PostgresTokenStore(database),
    oauthClients: new PostgresOAuthClientRecords(database),
    accessTokens: new PostgresAccessTokenStore(database, audit, now),
    audit,
    jobs,
    bundles: new PostgresBundleStore(database),
    async close() {
      await jobs.close();
      idempotency.close();
      await runs.close();
      await database.close();
    },
  };
}
