/** The stores that share one SQLite database. */
import type { Storage } from '../storage.ts';
import { SqliteAccessTokenStore } from './access-token-store.ts';
import { SqliteAuditStore } from './audit-store.ts';
import type { Database } from './database.ts';
import { SqliteIdempotencyStore } from './idempotency-store.ts';
import { SqliteJobStore } from './job-store.ts';
import { SqliteRunStore } from './run-store.ts';
import { SqliteOAuthClientRecords, SqlitePermissionRecords, SqliteTokenStore } from './small-stores.ts';

type Stores = Pick<
  Storage,
  'runs' | 'idempotency' | 'permissions' | 'tokens' | 'oauthClients' | 'accessTokens' | 'audit' | 'jobs'
>;

export interface SqliteStores extends Stores {
  /** Closes the database, too. */
  close(): Promise<void>;
}

export function sqliteStores(database: Database, now: () => number): SqliteStores {
  const audit = new SqliteAuditStore(database);
  const jobs = new SqliteJobStore(database);
  const idempotency = new SqliteIdempotencyStore(database, now);
  return {
    runs: new SqliteRunStore(database),
    idempotency,
    permissions: new SqlitePermissionRecords(database),
    tokens: new SqliteTokenStore(database),
    oauthClients: new SqliteOAuthClientRecords(database),
    accessTokens: new SqliteAccessTokenStore(database, audit, now),
    audit,
    jobs,
    async close() {
      await jobs.close();
      idempotency.close();
      await audit.idle();
      database.close();
    },
  };
}
