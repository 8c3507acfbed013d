/** Failed records of jobs, in SQLite. */
import type { StatementSync } from 'node:sqlite';
import type { JsonObject } from '../../json.ts';
import type { JobErrorQuery, JobErrorStore, StoredJob, StoredJobError } from '../jobs.ts';
import type { Database } from './database.ts';
import { repeatSliced, rowsSliced, type SlicedRemoval, slicedRemoval } from './slices.ts';

/** Few, because updating a row rewrites its record, too. */
const RESOLVED_AT_ONCE = 20;

export class SqliteJobErrors implements JobErrorStore {
  readonly #database: Database;
  readonly #insert: StatementSync;
  readonly #removeAll: StatementSync;
  /** Removes all errors of a job. */
  readonly forget: SlicedRemoval;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.sqlite.prepare(
      'INSERT INTO job_errors (job, id, page, is_resolved, error, data) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#removeAll = database.sqlite.prepare('DELETE FROM job_errors WHERE job = ?');
    this.forget = slicedRemoval(database, 'job_errors', 'job = ?');
  }

  async put({ _id }: StoredJob, page: number, errors: readonly StoredJobError[]): Promise<void> {
    this.#database.durably(() => this.#database.transaction(() => this.#replace(_id, page, errors)));
  }

  /** Replaces all errors of a job. Within a transaction of the caller. */
  replaceAll(jobId: string, errors: readonly StoredJobError[]): void {
    this.#removeAll.run(jobId);
    this.#insertAll(errors);
  }

  async list(
    jobId: string,
    { after = '', limit, chars = Number.POSITIVE_INFINITY, isResolved }: JobErrorQuery,
  ): Promise<StoredJobError[]> {
    const resolution = isResolved === undefined ? '' : `AND is_resolved = ${Number(isResolved)}`;
    const select = this.#database.sqlite.prepare(
      `SELECT id, page, is_resolved, error, data FROM job_errors
       WHERE job = ? AND id > ? ${resolution} ORDER BY id LIMIT ?`,
    );
    const found: StoredJobError[] = [];
    const read = (last: Record<string, unknown> | undefined) =>
      select.iterate(jobId, String(last?.id ?? after), limit - found.length);
    let length = 0;
    for await (const row of rowsSliced(read)) {
      const error = errorOf(jobId, row);
      found.push(error);
      length += error.data?.length ?? 0;
      if (length >= chars) break;
    }
    return found;
  }

  async count(jobId: string, isResolved?: boolean): Promise<number> {
    const resolution = isResolved === undefined ? '' : `AND is_resolved = ${Number(isResolved)}`;
    const count = this.#database.sqlite.prepare(`SELECT count(*) AS count FROM job_errors WHERE job = ? ${resolution}`);
    return Number(count.get(jobId)?.count);
  }

  async resolve(jobId: string, ids?: readonly string[]): Promise<number> {
    const these = ids === undefined ? '' : 'AND id IN (SELECT value FROM json_each(?2))';
    const update = this.#database.sqlite.prepare(
      `UPDATE job_errors SET is_resolved = 1 WHERE rowid IN (
         SELECT rowid FROM job_errors WHERE job = ?1 AND is_resolved = 0 ${these} LIMIT ${RESOLVED_AT_ONCE}
       )`,
    );
    const values = ids === undefined ? [jobId] : [jobId, JSON.stringify(ids)];
    const step = (): number => Number(this.#database.write(() => update.run(...values)).changes);
    return repeatSliced(step, RESOLVED_AT_ONCE);
  }

  #replace(jobId: string, page: number, errors: readonly StoredJobError[]): void {
    const { sqlite } = this.#database;
    if (!sqlite.prepare('SELECT 1 FROM jobs WHERE id = ?').get(jobId)) return;
    sqlite.prepare('DELETE FROM job_errors WHERE job = ? AND page = ?').run(jobId, page);
    this.#insertAll(errors);
  }

  #insertAll(errors: readonly StoredJobError[]): void {
    for (const { _id, jobId, page, isResolved, error, data = null } of errors) {
      this.#insert.run(jobId, _id, page, Number(isResolved), JSON.stringify(error), data);
    }
  }
}

function errorOf(
  jobId: string,
  { id, page, is_resolved: isResolved, error, data }: Record<string, unknown>,
): StoredJobError {
  return {
    _id: String(id),
    jobId,
    page: Number(page),
    isResolved: isResolved === 1,
    error: JSON.parse(String(error)) as JsonObject,
    ...(data === null ? {} : { data: String(data) }),
  };
}
