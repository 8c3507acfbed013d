/** The stores that share one SQLite database. */
import type { Storage } from '../storage.ts';
import type { Database } from './database.ts';
import { SqliteIdempotencyStore } from './idempotency-store.ts';
import { SqliteRunStore } from './run-store.ts';
import { SqliteOAuthClientRecords, SqlitePermissionRecords, SqliteTokenStore } from './small-stores.ts';

export interface SqliteStores
  extends Pick<Storage, 'runs' | 'idempotency' | 'permissions' | 'tokens' | 'oauthClients'> {
  /** Closes the database, too. */
  close(): void;
}

export function sqliteStores(database: Database, now: () => number): SqliteStores {
  const idempotency = new SqliteIdempotencyStore(database, now);
  return {
    runs: new SqliteRunStore(database),
    idempotency,
    permissions: new SqlitePermissionRecords(database),
    tokens: new SqliteTokenStore(database),
    oauthClients: new SqliteOAuthClientRecords(database),
    close() {
      idempotency.close();
      database.close();
    },
  };
}
