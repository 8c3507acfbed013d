/** The audit log, in SQLite. */
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { type AuditEntry, ENTRIES_RETAINED, writerOf } from '../audit.ts';
import type { AuditQuery, AuditStore } from '../storage.ts';
import type { Database } from './database.ts';

/** Entries of a writer beyond `ENTRIES_RETAINED` that may accumulate before a trim. */
const SLACK = 250;

export class SqliteAuditStore implements AuditStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #trim: StatementSync;
  /** Entries per writer since its last trim. A writer's first entry of this process trims, too. */
  readonly #since = new Map<string, number>();
  readonly #waiting: AuditEntry[] = [];
  /** Settles when the waiting entries are written. */
  #written: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
    const { sqlite } = database;
    this.#insert = sqlite.prepare(
      'INSERT OR IGNORE INTO audit (time, id, writer, resource, entry) VALUES (?, ?, ?, ?, ?)',
    );
    this.#trim = sqlite.prepare(`
      DELETE FROM audit WHERE writer = ?1 AND (time, id) <= (
        SELECT time, id FROM audit WHERE writer = ?1 ORDER BY time DESC, id DESC LIMIT 1 OFFSET ${ENTRIES_RETAINED}
      )`);
  }

  /** Entries of one turn of the event loop share a transaction, which costs more than they do. */
  add(entries: readonly AuditEntry[]): Promise<void> {
    this.#waiting.push(...entries);
    this.#written ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          this.#flush();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    return this.#written;
  }

  /** Waits for writes. Errors go to the callers of `add`. */
  async idle(): Promise<void> {
    await this.#written?.catch(() => {});
  }

  #flush(): void {
    const entries = this.#waiting.splice(0);
    this.#written = undefined;
    if (entries.length > 0) this.#database.transaction(() => this.insert(entries));
  }

  /** Uses the caller's transaction, if any. */
  insert(entries: readonly AuditEntry[]): void {
    for (const entry of entries) {
      const { _id, time, _resourceId = null } = entry;
      const writer = writerOf(entry);
      this.#insert.run(time, _id, writer, _resourceId, JSON.stringify(entry));
      const since = (this.#since.get(writer) ?? SLACK) + 1;
      if (since > SLACK) this.#trim.run(writer);
      this.#since.set(writer, since > SLACK ? 0 : since);
    }
  }

  async list({ after, limit, newestFirst = false, resourceId, from, to }: AuditQuery): Promise<AuditEntry[]> {
    await this.#written;
    const conditions: [sql: string, ...values: SQLInputValue[]][] = [];
    if (after) conditions.push([`(time, id) ${newestFirst ? '<' : '>'} (?, ?)`, ...after]);
    if (resourceId !== undefined) conditions.push(['resource = ?', resourceId]);
    if (from !== undefined) conditions.push(['time >= ?', from]);
    if (to !== undefined) conditions.push(['time < ?', to]);
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
    const direction = newestFirst ? 'DESC' : 'ASC';
    const list = this.#database.sqlite.prepare(
      `SELECT entry FROM audit ${where} ORDER BY time ${direction}, id ${direction} LIMIT ?`,
    );
    const rows = list.all(...conditions.flatMap(([, ...values]) => values), limit);
    return rows.map(({ entry }) => JSON.parse(String(entry)) as AuditEntry);
  }
}
