/** The audit log, in PostgreSQL. Entries of a commit are written in its statement. */
import { type AuditEntry, ENTRIES_RETAINED, writerOf } from '../audit.ts';
import type { AuditQuery, AuditStore } from '../storage.ts';
import { auditArrays, insertAudit } from './audit-statements.ts';
import { type Database, NO_WAIT_FOR_DISK, type Statement, type Value } from './database.ts';

/** Entries of a writer that this node may add before a trim. */
const SLACK = 500;

const add: Statement = {
  name: 'audit-add',
  text: `WITH added AS (${insertAudit(0, '(SELECT 1) AS always')}) ${NO_WAIT_FOR_DISK}`,
};

const trim: Statement = {
  name: 'audit-trim',
  text: `
    WITH trimmed AS (
      DELETE FROM bulkhead.audit WHERE writer = $1 AND (time, id) <= (
        SELECT time, id FROM bulkhead.audit WHERE writer = $1
        ORDER BY time DESC, id DESC LIMIT 1 OFFSET ${ENTRIES_RETAINED}
      )
    )
    ${NO_WAIT_FOR_DISK}`,
};

export class PostgresAuditStore implements AuditStore {
  readonly #database: Database;
  /** Entries per writer since this node's last trim. */
  readonly #written = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  async add(entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    await this.#database.query(add, auditArrays(entries));
    this.wrote(entries);
  }

  /** Trims if necessary. A later trim makes up for a failed one. */
  wrote(entries: readonly AuditEntry[]): void {
    for (const writer of entries.map(writerOf)) {
      const written = (this.#written.get(writer) ?? SLACK) + 1;
      this.#written.set(writer, written > SLACK ? 0 : written);
      if (written > SLACK) void this.#database.query(trim, [writer]).catch(() => {});
    }
  }

  async list({ after, limit, newestFirst = false, resourceId, from, to }: AuditQuery): Promise<AuditEntry[]> {
    const direction = newestFirst ? 'DESC' : 'ASC';
    const values: Value[] = [limit];
    const next = (value: string): string => `$${values.push(value)}`;
    const conditions: string[] = [];
    if (after) conditions.push(`(time, id) ${newestFirst ? '<' : '>'} (${next(after[0])}, ${next(after[1])})`);
    if (resourceId !== undefined) conditions.push(`resource = ${next(resourceId)}`);
    if (from !== undefined) conditions.push(`time >= ${next(from)}`);
    if (to !== undefined) conditions.push(`time < ${next(to)}`);
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const text = `SELECT entry FROM bulkhead.audit ${where} ORDER BY time ${direction}, id ${direction} LIMIT $1`;
    const rows = await this.#database.query<{ entry: string }>({ text }, values);
    return rows.map(({ entry }) => JSON.parse(entry) as AuditEntry);
  }
}
