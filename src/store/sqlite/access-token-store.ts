/** Access tokens, in SQLite. */
import type { StatementSync } from 'node:sqlite';
import type { AuditEntry } from '../audit.ts';
import { type AccessTokenStore, type StoredToken, type TokenRecord, USES_NOTED_MS } from '../storage.ts';
import type { SortKey } from '../stored.ts';
import type { SqliteAuditStore } from './audit-store.ts';
import type { Database } from './database.ts';

const COLUMNS = 'hash, record, revision, expires_at, last_used_at';
const IS_VALID = '(expires_at IS NULL OR expires_at > ?)';

export class SqliteAccessTokenStore implements AccessTokenStore {
  readonly #database: Database;
  readonly #audit: SqliteAuditStore;
  readonly #now: () => number;
  readonly #find: StatementSync;
  readonly #used: StatementSync;

  constructor(database: Database, audit: SqliteAuditStore, now: () => number) {
    this.#database = database;
    this.#audit = audit;
    this.#now = now;
    const { sqlite } = database;
    this.#find = sqlite.prepare(`SELECT ${COLUMNS} FROM access_tokens WHERE hash = ? AND ${IS_VALID}`);
    this.#used = sqlite.prepare(
      'UPDATE access_tokens SET last_used_at = ? WHERE id = ? AND coalesce(last_used_at, 0) <= ?',
    );
  }

  async find(hash: string): Promise<StoredToken | undefined> {
    return tokenOf(this.#find.get(hash, this.#now()));
  }

  async get(id: string): Promise<StoredToken | undefined> {
    const get = this.#database.sqlite.prepare(`SELECT ${COLUMNS} FROM access_tokens WHERE id = ? AND ${IS_VALID}`);
    return tokenOf(get.get(id, this.#now()));
  }

  async list(after: SortKey = ['', ''], limit: number): Promise<StoredToken[]> {
    const list = this.#database.sqlite.prepare(
      `SELECT ${COLUMNS} FROM access_tokens WHERE (created, id) > (?, ?) AND ${IS_VALID} ORDER BY created, id LIMIT ?`,
    );
    return list.all(...after, this.#now(), limit).flatMap((row) => tokenOf(row) ?? []);
  }

  async count(): Promise<number> {
    return Number(this.#database.sqlite.prepare('SELECT count(*) AS count FROM access_tokens').get()?.count);
  }

  async add(tokens: readonly StoredToken[], entries: readonly AuditEntry[] = []): Promise<void> {
    const insert = this.#database.sqlite.prepare(
      `INSERT INTO access_tokens (id, created, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#write(entries, () => {
      for (const { hash, record, revision, expiresAt = null, lastUsedAt = null } of tokens) {
        insert.run(record._id, record.createdAt, hash, JSON.stringify(record), revision, expiresAt, lastUsedAt);
      }
      return true;
    });
  }

  async replace(token: StoredToken, entries: readonly AuditEntry[]): Promise<boolean> {
    const { record, revision, expiresAt = null } = token;
    const update = this.#database.sqlite.prepare(
      'UPDATE access_tokens SET record = ?, revision = ?, expires_at = ? WHERE id = ? AND revision = ?',
    );
    return this.#write(
      entries,
      () => update.run(JSON.stringify(record), revision, expiresAt, record._id, revision - 1).changes > 0,
    );
  }

  async remove(id: string, revision: number, entries: readonly AuditEntry[]): Promise<boolean> {
    const remove = this.#database.sqlite.prepare('DELETE FROM access_tokens WHERE id = ? AND revision = ?');
    return this.#write(entries, () => remove.run(id, revision).changes > 0);
  }

  async used(id: string, at: number): Promise<void> {
    this.#used.run(at, id, at - USES_NOTED_MS);
  }

  async expire(): Promise<StoredToken[]> {
    const expire = this.#database.sqlite.prepare(
      `DELETE FROM access_tokens WHERE expires_at <= ? RETURNING ${COLUMNS}`,
    );
    return expire.all(this.#now()).flatMap((row) => tokenOf(row) ?? []);
  }

  /** Writes audit entries only together with their change. */
  #write(entries: readonly AuditEntry[], change: () => boolean): boolean {
    let isDone = false;
    const write = (): void => {
      isDone = change();
      if (isDone) this.#audit.insert(entries);
    };
    this.#database.durably(() => this.#database.transaction(write));
    return isDone;
  }
}

function tokenOf(row: Record<string, unknown> | undefined): StoredToken | undefined {
  if (!row) return undefined;
  const { hash, record, revision, expires_at: expiresAt, last_used_at: lastUsedAt } = row;
  return {
    hash: String(hash),
    record: JSON.parse(String(record)) as TokenRecord,
    revision: Number(revision),
    ...(expiresAt === null ? {} : { expiresAt: Number(expiresAt) }),
    ...(lastUsedAt === null ? {} : { lastUsedAt: Number(lastUsedAt) }),
  };
}
