/** Granted permissions and tokens, in PostgreSQL. */
import { parseOrUndefined } from '../../json.ts';
import { ADMIN_TOKEN, checkedTokenHash } from '../admin-token-hash.ts';
import type { PermissionRecord, PermissionRecords, TokenStore } from '../storage.ts';
import type { Database, Statement } from './database.ts';
import { CHANNEL } from './listener.ts';

const LOST_RECORDS = 'lost-records';

const setting: Statement = {
  name: 'setting',
  text: 'SELECT value FROM bulkhead.settings WHERE name = $1',
};

const setSetting: Statement = {
  name: 'setting-set',
  text: `
    INSERT INTO bulkhead.settings (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
};

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

/** Changed by every write. */
const permissionsVersion: Statement = {
  name: 'permissions-version',
  text: 'SELECT coalesce(sum(revision), 0) AS version FROM bulkhead.permissions',
};

export class PostgresPermissionRecords implements PermissionRecords {
  onChange: (() => void) | undefined;
  #version = '';
  readonly #database: Database;
  #wereLost: boolean;

  private constructor(database: Database, wereLost: boolean) {
    this.#database = database;
    this.#wereLost = wereLost;
  }

  /** A damaged database does not start, but a data folder that was copied may have lost its records. */
  static async open(database: Database): Promise<PostgresPermissionRecords> {
    const rows = await database.query(setting, [LOST_RECORDS]);
    return new PostgresPermissionRecords(database, rows.length > 0);
  }

  get wereLost(): boolean {
    return this.#wereLost;
  }

  async markLost(): Promise<void> {
    await this.#database.query(setSetting, [LOST_RECORDS, 'true']);
    this.#wereLost = true;
  }

  /** Looks whether a node has changed something. */
  async look(): Promise<void> {
    const [row] = await this.#database.query<{ version: string }>(permissionsVersion);
    if (!row || row.version === this.#version) return;
    this.#version = row.version;
    this.onChange?.();
  }

  async all(): Promise<{ connectorId: string; record: unknown }[]> {
    const rows = await this.#database.query<{ id: string; record: string }>(allPermissions);
    return rows.map(({ id, record }) => ({ connectorId: id, record: parseOrUndefined(record) }));
  }

  async put(record: PermissionRecord): Promise<void> {
    await this.#database.query(putPermission, [record._id, JSON.stringify(record)]);
  }
}

/** DO NOTHING would not return the stored value. */
const ensureSetting: Statement = {
  name: 'setting-ensure',
  text: `
    INSERT INTO bulkhead.settings (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = settings.value
    RETURNING value`,
};

export class PostgresTokenStore implements TokenStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async adminTokenHash(): Promise<string | undefined> {
    const [row] = await this.#database.query<{ value: string }>(setting, [ADMIN_TOKEN]);
    return row && checkedTokenHash(row.value);
  }

  async ensureAdminTokenHash(hash: string): Promise<string> {
    const rows = await this.#database.query<{ value: string }>(ensureSetting, [ADMIN_TOKEN, hash]);
    return checkedTokenHash((rows[0] as { value: string }).value);
  }

  async setAdminTokenHash(hash: string): Promise<void> {
    await this.#database.query(setSetting, [ADMIN_TOKEN, hash]);
  }
}
