/** Granted permissions, tokens and OAuth clients, in PostgreSQL. */
import { parseOrUndefined } from '../../json.ts';
import { ADMIN_TOKEN, checkedTokenHash } from '../admin-token-hash.ts';
import type {
  OAuthClientRecords,
  PermissionRecord,
  PermissionRecords,
  StoredOAuthClient,
  TokenStore,
} from '../storage.ts';
import type { Database, Statement } from './database.ts';
import { CHANNEL } from './listener.ts';
import { Settings } from './settings.ts';
import { TableWatch } from './table-watch.ts';

const LOST_RECORDS = 'lost-records';

const allPermissions: Statement = {
  name: 'permissions-all',
  text: 'SELECT id, record FROM bulkhead.permissions ORDER BY id',
};

const putPermission: Statement = {
  name: 'permissions-put',
  text: `
    WITH written AS (
      INSERT INTO bulkhead.permissions (id, record) VALUES ($1, $2)
      ON CONFLICT (id) DO UPDATE SET record = excluded.record, revision = excluded.revision
    )
    SELECT pg_notify('${CHANNEL}', 'permissions')`,
};

const addPermission: Statement = {
  name: 'permissions-add',
  text: `
    WITH written AS (
      INSERT INTO bulkhead.permissions (id, record) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id
    )
    SELECT pg_notify('${CHANNEL}', 'permissions') FROM written`,
};

export class PostgresPermissionRecords implements PermissionRecords {
  onChange: (() => void) | undefined;
  readonly #database: Database;
  readonly #settings: Settings;
  readonly #watch: TableWatch;
  #wereLost = false;

  private constructor(database: Database) {
    this.#database = database;
    this.#settings = new Settings(database);
    this.#watch = new TableWatch(database, 'permissions', () => this.onChange?.());
  }

  /** A damaged database does not start, but a data folder that was copied may have lost its records. */
  static async open(database: Database): Promise<PostgresPermissionRecords> {
    const records = new PostgresPermissionRecords(database);
    records.#wereLost = (await records.#settings.get(LOST_RECORDS)) !== undefined;
    return records;
  }

  get wereLost(): boolean {
    return this.#wereLost;
  }

  async markLost(): Promise<void> {
    await this.#settings.set(LOST_RECORDS, 'true');
    this.#wereLost = true;
  }

  /** Looks whether a node has changed something. @throws StoreError */
  look(): Promise<void> {
    return this.#watch.look();
  }

  async all(): Promise<{ connectorId: string; record: unknown }[]> {
    const rows = await this.#database.query<{ id: string; record: string }>(allPermissions);
    return rows.map(({ id, record }) => ({ connectorId: id, record: parseOrUndefined(record) }));
  }

  async put(record: PermissionRecord): Promise<void> {
    await this.#database.query(putPermission, [record._id, JSON.stringify(record)]);
  }

  async add(record: PermissionRecord): Promise<boolean> {
    return (await this.#database.query(addPermission, [record._id, JSON.stringify(record)])).length > 0;
  }
}

export class PostgresTokenStore implements TokenStore {
  readonly #settings: Settings;

  constructor(database: Database) {
    this.#settings = new Settings(database);
  }

  async adminTokenHash(): Promise<string | undefined> {
    const stored = await this.#settings.get(ADMIN_TOKEN);
    return stored === undefined ? undefined : checkedTokenHash(stored);
  }

  async ensureAdminTokenHash(hash: string): Promise<string> {
    return checkedTokenHash(await this.#settings.ensure(ADMIN_TOKEN, hash));
  }

  async setAdminTokenHash(hash: string): Promise<void> {
    await this.#settings.set(ADMIN_TOKEN, hash);
  }
}

const allClients: Statement = {
  name: 'oauth-clients-all',
  text: 'SELECT record FROM bulkhead.oauth_clients ORDER BY id',
};

const findClient: Statement = {
  name: 'oauth-clients-find',
  text: 'SELECT record FROM bulkhead.oauth_clients WHERE id = $1',
};

const putClient: Statement = {
  name: 'oauth-clients-put',
  text: `
    INSERT INTO bulkhead.oauth_clients (id, record) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
};

const removeClient: Statement = {
  name: 'oauth-clients-remove',
  text: 'DELETE FROM bulkhead.oauth_clients WHERE id = $1',
};

export class PostgresOAuthClientRecords implements OAuthClientRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async all(): Promise<StoredOAuthClient[]> {
    const rows = await this.#database.query<{ record: string }>(allClients);
    return rows.map(({ record }) => JSON.parse(record) as StoredOAuthClient);
  }

  async find(id: string): Promise<StoredOAuthClient | undefined> {
    const [row] = await this.#database.query<{ record: string }>(findClient, [id]);
    return row && (JSON.parse(row.record) as StoredOAuthClient);
  }

  async put(record: StoredOAuthClient): Promise<void> {
    await this.#database.query(putClient, [record._id, JSON.stringify(record)]);
  }

  async remove(id: string): Promise<void> {
    await this.#database.query(removeClient, [id]);
  }
}
