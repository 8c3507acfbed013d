/** Failed records of jobs, in PostgreSQL. */
import type { JsonObject } from '../../json.ts';
import type { JobErrorQuery, JobErrorStore, StoredJob, StoredJobError } from '../jobs.ts';
import type { Database, Query, Statement } from './database.ts';
import { groupsOf } from './groups.ts';
import { settle } from './settle.ts';
import { textArray } from './text-array.ts';

/** UTF-16 code units per statement, so that encoding it does not block the event loop. */
const STATEMENT_CHARS = 1024 * 1024;

/** Prevents removal of the job until its errors are stored. */
const lock: Statement = {
  name: 'job-errors-lock',
  text: 'SELECT FROM bulkhead.flow_jobs WHERE integration = $1 AND id = $2 FOR SHARE',
};

const removePage: Statement = {
  name: 'job-errors-remove-page',
  text: 'DELETE FROM bulkhead.job_errors WHERE integration = $1 AND job = $2 AND page = $3',
};

const insert: Statement = {
  name: 'job-errors-insert',
  text: `
    INSERT INTO bulkhead.job_errors (integration, job, id, page, is_resolved, error, data)
    SELECT $1, job, id, page::int, is_resolved::boolean, error, data
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
      AS row (job, id, page, is_resolved, error, data)`,
};

const list: Statement = {
  name: 'job-errors-list',
  text: `
    SELECT id, page, is_resolved, error, data FROM (
      SELECT id, page, is_resolved, error, data,
        sum(coalesce(octet_length(data), 0)) OVER (ORDER BY id) - coalesce(octet_length(data), 0) AS bytes_before
      FROM (
        SELECT * FROM bulkhead.job_errors
        WHERE job = $1 AND id > $2 AND ($3::boolean IS NULL OR is_resolved = $3) ORDER BY id LIMIT $4
      ) AS page
    ) AS found
    WHERE $5::bigint IS NULL OR bytes_before < $5 ORDER BY id`,
};

const count: Statement = {
  name: 'job-errors-count',
  text: `
    SELECT count(*)::int AS count FROM bulkhead.job_errors
    WHERE job = $1 AND ($2::boolean IS NULL OR is_resolved = $2)`,
};

const resolve: Statement = {
  name: 'job-errors-resolve',
  text: `
    WITH resolved AS (
      UPDATE bulkhead.job_errors SET is_resolved = true
      WHERE job = $1 AND NOT is_resolved AND ($2::text[] IS NULL OR id = ANY ($2)) RETURNING id
    )
    SELECT count(*)::int AS count FROM resolved`,
};

interface ErrorRow {
  readonly id: string;
  readonly page: number;
  readonly is_resolved: boolean;
  readonly error: string;
  readonly data: string | null;
}

export class PostgresJobErrors implements JobErrorStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async put({ _integrationId, _id }: StoredJob, page: number, errors: readonly StoredJobError[]): Promise<void> {
    const write = (): Promise<void> =>
      this.#database.transaction(async (query) => {
        const jobs = await query(lock, [_integrationId, _id]);
        if (jobs.length === 0) return;
        await query(removePage, [_integrationId, _id, page]);
        await this.insert(query, _integrationId, errors);
      });
    await settle(write, () => {});
  }

  /** Within a transaction of the caller. */
  async insert(query: Query, integrationId: string, errors: readonly StoredJobError[]): Promise<void> {
    const rows = errors.map(({ jobId, _id, page, isResolved, error, data = null }) => {
      const columns = [jobId, _id, page, String(isResolved), JSON.stringify(error), data];
      return { columns, bytes: (data?.length ?? 0) + (columns[4] as string).length };
    });
    for (const group of groupsOf(rows, { bytes: STATEMENT_CHARS })) {
      const arrays = [0, 1, 2, 3, 4, 5].map((column) => textArray(group.map(({ columns }) => columns[column] ?? null)));
      await query(insert, [integrationId, ...arrays]);
    }
  }

  async list(jobId: string, { after = '', limit, chars, isResolved }: JobErrorQuery): Promise<StoredJobError[]> {
    const rows = await this.#database.query<ErrorRow>(list, [jobId, after, isResolved ?? null, limit, chars ?? null]);
    return rows.map(({ id, page, is_resolved, error, data }) => ({
      _id: id,
      jobId,
      page,
      isResolved: is_resolved,
      error: JSON.parse(error) as JsonObject,
      ...(data === null ? {} : { data }),
    }));
  }

  async count(jobId: string, isResolved: boolean | null = null): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>(count, [jobId, isResolved]);
    return row?.count ?? 0;
  }

  async resolve(jobId: string, ids: readonly string[] | null = null): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>(resolve, [jobId, ids]);
    return row?.count ?? 0;
  }
}
