/** Granted permissions, tokens and OAuth clients, in SQLite. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { parseOrUndefined } from '../../json.ts';
import { ADMIN_TOKEN, checkedTokenHash } from '../admin-token-hash.ts';
import type {
  OAuthClientRecords,
  PermissionRecord,
  PermissionRecords,
  StoredOAuthClient,
  TokenStore,
} from '../storage.ts';
import type { Database } from './database.ts';

export class SqlitePermissionRecords implements PermissionRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get wereLost(): boolean {
    return this.#database.hasLostRecords;
  }

  async markLost(): Promise<void> {
    this.#database.markLost();
  }

  async all(): Promise<{ connectorId: string; record: unknown }[]> {
    const rows = this.#database.sqlite.prepare('SELECT id, record FROM permissions ORDER BY id').all();
    return rows.map(({ id, record }) => ({ connectorId: String(id), record: parseOrUndefined(String(record)) }));
  }

  async put(record: PermissionRecord): Promise<void> {
    const { sqlite } = this.#database;
    this.#database.durably(() =>
      sqlite.prepare('INSERT OR REPLACE INTO permissions VALUES (?, ?)').run(record._id, JSON.stringify(record)),
    );
  }

  async add(record: PermissionRecord): Promise<boolean> {
    const { sqlite } = this.#database;
    const { changes } = this.#database.durably(() =>
      sqlite.prepare('INSERT OR IGNORE INTO permissions VALUES (?, ?)').run(record._id, JSON.stringify(record)),
    );
    return changes === 1;
  }
}

/** Reads the hash without changing the folder. @throws StoreError or an SQLite error */
export function storedTokenHash(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const address = pathToFileURL(file);
  // With a write-ahead log the file is not immutable: a process may be writing, and the log may hold newer rows.
  if (!existsSync(`${file}-wal`)) address.searchParams.set('immutable', '1');
  using database = new DatabaseSync(address, { readOnly: true });
  const row = database.prepare('SELECT value FROM settings WHERE name = ?').get(ADMIN_TOKEN);
  return row && checkedTokenHash(String(row.value));
}

export class SqliteTokenStore implements TokenStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async adminTokenHash(): Promise<string | undefined> {
    const hash = this.#database.setting(ADMIN_TOKEN);
    return hash === undefined ? undefined : checkedTokenHash(hash);
  }

  async ensureAdminTokenHash(hash: string): Promise<string> {
    return checkedTokenHash(this.#database.ensureSetting(ADMIN_TOKEN, hash));
  }

  async setAdminTokenHash(hash: string): Promise<void> {
    this.#database.setSetting(ADMIN_TOKEN, hash);
  }
}

export class SqliteOAuthClientRecords implements OAuthClientRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async all(): Promise<StoredOAuthClient[]> {
    const rows = this.#database.sqlite.prepare('SELECT record FROM oauth_clients ORDER BY id').all();
    return rows.map(({ record }) => JSON.parse(String(record)) as StoredOAuthClient);
  }

  async find(id: string): Promise<StoredOAuthClient | undefined> {
    const row = this.#database.sqlite.prepare('SELECT record FROM oauth_clients WHERE id = ?').get(id);
    return row && (JSON.parse(String(row.record)) as StoredOAuthClient);
  }

  async put(record: StoredOAuthClient): Promise<void> {
    const insert = this.#database.sqlite.prepare('INSERT OR REPLACE INTO oauth_clients VALUES (?, ?)');
    this.#database.durably(() => insert.run(record._id, JSON.stringify(record)));
  }

  async remove(id: string): Promise<void> {
    const remove = this.#database.sqlite.prepare('DELETE FROM oauth_clients WHERE id = ?');
    this.#database.durably(() => remove.run(id));
  }
}
