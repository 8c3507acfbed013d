/** Access tokens, in PostgreSQL. Nothing is cached, so a token revoked on one node is refused by all. */
import type { AuditEntry } from '../audit.ts';
import { type AccessTokenStore, type StoredToken, type TokenRecord, USES_NOTED_MS } from '../storage.ts';
import type { SortKey } from '../stored.ts';
import { AUDIT_COLUMNS, auditArrays, insertAudit } from './audit-statements.ts';
import type { PostgresAuditStore } from './audit-store.ts';
import { Batches } from './batches.ts';
import { type Database, NO_WAIT_FOR_DISK, type Statement } from './database.ts';
import { databaseNow } from './database-now.ts';

/** More than one, so that a slow answer does not hold up all others. */
const STATEMENTS_AT_ONCE = 2;
const TOKENS_AT_ONCE = 1_000;

const COLUMNS = 'hash, record, revision, expires_at, last_used_at';
const isValid = (now: string): string => `(expires_at IS NULL OR expires_at > ${databaseNow(now)})`;
const AUDIT_AT = AUDIT_COLUMNS.length;

const find: Statement = {
  name: 'tokens-find',
  text: `SELECT ${COLUMNS} FROM bulkhead.access_tokens WHERE hash = ANY($1) AND ${isValid('$2')}`,
};

const get: Statement = {
  name: 'tokens-get',
  text: `SELECT ${COLUMNS} FROM bulkhead.access_tokens WHERE id = $1 AND ${isValid('$2')}`,
};

const list: Statement = {
  name: 'tokens-list',
  text: `
    SELECT ${COLUMNS} FROM bulkhead.access_tokens WHERE (created, id) > ($1, $2) AND ${isValid('$4')}
    ORDER BY created, id LIMIT $3`,
};

const count: Statement = { name: 'tokens-count', text: 'SELECT count(*)::int AS count FROM bulkhead.access_tokens' };

const add: Statement = {
  name: 'tokens-add',
  text: `
    WITH change AS (
      INSERT INTO bulkhead.access_tokens (id, created, ${COLUMNS})
      SELECT * FROM unnest($${AUDIT_AT + 1}::text[], $${AUDIT_AT + 2}::text[], $${AUDIT_AT + 3}::text[],
        $${AUDIT_AT + 4}::text[], $${AUDIT_AT + 5}::bigint[], $${AUDIT_AT + 6}::bigint[], $${AUDIT_AT + 7}::bigint[])
      RETURNING id
    )
    ${insertAudit(0, '(SELECT id FROM change LIMIT 1) AS changed')}`,
};

/** @param change SQL that returns the id if it changed something */
const audited = (name: string, change: string): Statement => ({
  name,
  text: `
    WITH change AS (${change}), audited AS (${insertAudit(0, 'change')})
    SELECT id FROM change`,
});

const replace = audited(
  'tokens-replace',
  `UPDATE bulkhead.access_tokens SET record = $${AUDIT_AT + 3}, revision = $${AUDIT_AT + 2}::bigint,
    expires_at = $${AUDIT_AT + 4}::bigint
  WHERE id = $${AUDIT_AT + 1} AND revision = $${AUDIT_AT + 2}::bigint - 1 RETURNING id`,
);

const remove = audited(
  'tokens-remove',
  `DELETE FROM bulkhead.access_tokens WHERE id = $${AUDIT_AT + 1} AND revision = $${AUDIT_AT + 2}::bigint RETURNING id`,
);

const used: Statement = {
  name: 'tokens-used',
  text: `
    WITH used AS (
      UPDATE bulkhead.access_tokens SET last_used_at = $2
      WHERE id = $1 AND coalesce(last_used_at, 0) <= $2::bigint - ${USES_NOTED_MS}
    )
    ${NO_WAIT_FOR_DISK}`,
};

const expire: Statement = {
  name: 'tokens-expire',
  text: `DELETE FROM bulkhead.access_tokens WHERE expires_at <= ${databaseNow('$1')} RETURNING ${COLUMNS}`,
};

/** Numbers are `bigint`, which the driver returns as text. */
interface Row {
  readonly hash: string;
  readonly record: string;
  readonly revision: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

export class PostgresAccessTokenStore implements AccessTokenStore {
  readonly #database: Database;
  readonly #audit: PostgresAuditStore;
  readonly #now: () => number | null;
  readonly #lookups: Batches<string, StoredToken | undefined>;

  /** @param now replaces the database's clock */
  constructor(database: Database, audit: PostgresAuditStore, now: () => number | null = () => null) {
    this.#database = database;
    this.#audit = audit;
    this.#now = now;
    this.#lookups = new Batches({
      atOnce: STATEMENTS_AT_ONCE,
      size: TOKENS_AT_ONCE,
      async answer(hashes) {
        const rows = await database.query<Row>(find, [[...new Set(hashes)], now()]);
        const found = new Map(rows.map((row) => [row.hash, tokenOf(row)]));
        return hashes.map((hash) => found.get(hash));
      },
    });
  }

  find(hash: string): Promise<StoredToken | undefined> {
    return this.#lookups.ask(hash);
  }

  async get(id: string): Promise<StoredToken | undefined> {
    const [row] = await this.#database.query<Row>(get, [id, this.#now()]);
    return row && tokenOf(row);
  }

  async list(after: SortKey = ['', ''], limit: number): Promise<StoredToken[]> {
    return (await this.#database.query<Row>(list, [...after, limit, this.#now()])).map(tokenOf);
  }

  async count(): Promise<number> {
    return (await this.#database.query<{ count: number }>(count))[0]?.count ?? 0;
  }

  async add(tokens: readonly StoredToken[], entries: readonly AuditEntry[] = []): Promise<void> {
    await this.#database.query(add, [
      ...auditArrays(entries),
      tokens.map(({ record }) => record._id),
      tokens.map(({ record }) => record.createdAt),
      tokens.map(({ hash }) => hash),
      tokens.map(({ record }) => JSON.stringify(record)),
      tokens.map(({ revision }) => revision),
      tokens.map(({ expiresAt = null }) => expiresAt),
      tokens.map(({ lastUsedAt = null }) => lastUsedAt),
    ]);
    this.#audit.wrote(entries);
  }

  async replace(token: StoredToken, entries: readonly AuditEntry[]): Promise<boolean> {
    const { record, revision, expiresAt = null } = token;
    return this.#change(replace, entries, [record._id, revision, JSON.stringify(record), expiresAt]);
  }

  async remove(id: string, revision: number, entries: readonly AuditEntry[]): Promise<boolean> {
    return this.#change(remove, entries, [id, revision]);
  }

  async used(id: string, at: number): Promise<void> {
    await this.#database.query(used, [id, at]);
  }

  async expire(): Promise<StoredToken[]> {
    return (await this.#database.query<Row>(expire, [this.#now()])).map(tokenOf);
  }

  async #change(
    statement: Statement,
    entries: readonly AuditEntry[],
    values: readonly (string | number | null)[],
  ): Promise<boolean> {
    const rows = await this.#database.query(statement, [...auditArrays(entries), ...values]);
    if (rows.length === 0) return false;
    this.#audit.wrote(entries);
    return true;
  }
}

const tokenOf = ({ hash, record, revision, expires_at, last_used_at }: Row): StoredToken => ({
  hash,
  record: JSON.parse(record) as TokenRecord,
  revision: Number(revision),
  ...(expires_at === null ? {} : { expiresAt: Number(expires_at) }),
  ...(last_used_at === null ? {} : { lastUsedAt: Number(last_used_at) }),
});
