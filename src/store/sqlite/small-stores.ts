/** Granted permissions and tokens, in SQLite. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { PermissionRecord, PermissionRecords, TokenStore } from '../storage.ts';
import { StoreError } from '../store.ts';
import type { Database } from './database.ts';

export class SqlitePermissionRecords implements PermissionRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get wereLost(): boolean {
    return this.#database.hasLostRecords;
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
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const ADMIN_TOKEN = 'admin-token-sha256';

/** Reads the hash without changing the folder. @throws StoreError or an SQLite error */
export function storedTokenHash(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const address = pathToFileURL(file);
  // With a write-ahead log the file is not immutable: a process may be writing, and the log may hold newer rows.
  if (!existsSync(`${file}-wal`)) address.searchParams.set('immutable', '1');
  using database = new DatabaseSync(address, { readOnly: true });
  const row = database.prepare('SELECT value FROM settings WHERE name = ?').get(ADMIN_TOKEN);
  return checkedHash(row && String(row.value));
}

const HASH = /^[0-9a-f]{64}$/;

function checkedHash(hash: string | undefined): string | undefined {
  if (hash === undefined || HASH.test(hash)) return hash;
  throw new StoreError('store_unavailable', TOKEN_DAMAGED);
}
const TOKEN_DAMAGED = "The stored hash of the administrator's token is damaged; `bulkhead token` makes a new token.";

export class SqliteTokenStore implements TokenStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async adminTokenHash(): Promise<string | undefined> {
    return checkedHash(this.#database.setting(ADMIN_TOKEN));
  }

  async setAdminTokenHash(hash: string): Promise<void> {
    this.#database.setSetting(ADMIN_TOKEN, hash);
  }
}
