/** Jobs of flows, in SQLite. */
import type { StatementSync } from 'node:sqlite';
import { TimeSlice } from '../../work/time-slice.ts';
import type { JobHour, JobHoursQuery } from '../job-hours.ts';
import {
  activeStatuses,
  type JobHandlers,
  type JobQuery,
  type JobStatus,
  type JobStore,
  type StoredJob,
  type StoredJobError,
} from '../jobs.ts';
import type { Database } from './database.ts';
import { SqliteJobErrors } from './job-errors.ts';
import { countJobsByHour } from './job-hours.ts';
import { listJobs } from './job-list.ts';
import { SqliteJobQueue } from './job-queue.ts';
import { SqliteReceivedMessages } from './received-messages.ts';
import { type SlicedRemoval, slicedRemoval } from './slices.ts';

const isActive = ({ status }: StoredJob): boolean => activeStatuses.includes(status);

export class SqliteJobStore implements JobStore {
  readonly #database: Database;
  readonly errors: SqliteJobErrors;
  readonly messages: SqliteReceivedMessages;
  readonly #queue: SqliteJobQueue;
  readonly #add: StatementSync;
  readonly #put: StatementSync;
  readonly #schedule: StatementSync;
  readonly #get: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #forgetSchedules: SlicedRemoval;

  constructor(database: Database) {
    this.#database = database;
    this.errors = new SqliteJobErrors(database);
    this.messages = new SqliteReceivedMessages(database);
    this.#queue = new SqliteJobQueue(database);
    const { sqlite } = database;
    const columns = 'id, integration, flow, type, status, created, scheduled, claim, record';
    this.#add = sqlite.prepare(
      `INSERT OR IGNORE INTO jobs (${columns}) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
       WHERE NOT EXISTS (SELECT 1 FROM last_scheduled WHERE flow = ?3 AND at = ?7)`,
    );
    this.#put = sqlite.prepare(`INSERT INTO jobs (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#schedule = sqlite.prepare(
      `INSERT INTO last_scheduled (flow, integration, at) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET at = max(at, excluded.at)`,
    );
    this.#get = sqlite.prepare('SELECT record FROM jobs WHERE id = ?');
    this.#update = sqlite.prepare(
      `UPDATE OR IGNORE jobs SET type = ?, status = ?, record = ?, claim = CASE WHEN ? THEN coalesce(claim, 0) END
       WHERE id = ? AND status IN (SELECT value FROM json_each(?))`,
    );
    this.#delete = sqlite.prepare('DELETE FROM jobs WHERE id = ?');
    this.#forgetSchedules = slicedRemoval(database, 'last_scheduled', 'integration = ?');
  }

  async add(job: StoredJob): Promise<boolean> {
    let isNew = false;
    this.#database.durably(() =>
      this.#database.transaction(() => {
        isNew = this.#insert(this.#add, job);
      }),
    );
    if (isNew) this.#queue.wake();
    return isNew;
  }

  async get(id: string): Promise<StoredJob | undefined> {
    const row = this.#get.get(id);
    return row && jobOf(row);
  }

  list(query: JobQuery): Promise<StoredJob[]> {
    return listJobs(this.#database, query);
  }

  countByHour(query: JobHoursQuery): Promise<JobHour[]> {
    return countJobsByHour(this.#database, query);
  }

  async latestOf(integrationId: string, flowIds: readonly string[]): Promise<StoredJob[]> {
    const latest = this.#database.sqlite.prepare(
      'SELECT record FROM jobs WHERE flow = ? AND integration = ? ORDER BY created DESC, id DESC LIMIT 1',
    );
    const rows = await this.#rowsOf(flowIds, (flowId) => latest.get(flowId, integrationId));
    return rows.map(jobOf);
  }

  async lastScheduled(flowIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const last = this.#database.sqlite.prepare('SELECT flow, at FROM last_scheduled WHERE flow = ?');
    const rows = await this.#rowsOf(flowIds, (flowId) => last.get(flowId));
    return new Map(rows.map(({ flow, at }) => [String(flow), String(at)]));
  }

  async update(job: StoredJob, from: readonly JobStatus[] = activeStatuses): Promise<boolean> {
    const { _id, type, status } = job;
    const values = [type, status, JSON.stringify(job), Number(isActive(job)), _id, JSON.stringify(from)];
    const { changes } = this.#database.write(() => this.#update.run(...values));
    if (isActive(job)) this.#queue.wake();
    return changes > 0;
  }

  async requestCancel({ _id }: StoredJob): Promise<void> {
    this.#queue.cancel(_id);
  }

  async integrationIds(): Promise<string[]> {
    const ids = new Set<string>();
    for (const table of ['jobs', 'messages', 'last_scheduled']) {
      const next = this.#database.sqlite.prepare(`SELECT min(integration) AS id FROM ${table} WHERE integration > ?`);
      for (let id: unknown = next.get('')?.id; typeof id === 'string'; id = next.get(id)?.id) ids.add(id);
    }
    return [...ids];
  }

  async forget(integrationId: string): Promise<void> {
    const { sqlite } = this.#database;
    const select = sqlite.prepare('SELECT id FROM jobs WHERE integration = ? LIMIT 1');
    for (let row = select.get(integrationId); row; row = select.get(integrationId)) await this.#remove(String(row.id));
    await this.#forgetSchedules(integrationId);
    await this.messages.forget(integrationId);
  }

  async purge(before: string, limit: number): Promise<number> {
    const select = this.#database.sqlite.prepare(
      'SELECT id FROM jobs WHERE created < ? AND claim IS NULL ORDER BY created LIMIT 1',
    );
    const slice = new TimeSlice();
    for (let count = 0; ; count++) {
      const row = count < limit ? select.get(before) : undefined;
      if (!row) return count;
      await this.#remove(String(row.id));
      if (slice.isOver) await slice.next();
    }
  }

  serve(handlers: JobHandlers): void {
    this.#queue.serve(handlers);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async allJobs(after = '', limit: number): Promise<StoredJob[]> {
    const select = this.#database.sqlite.prepare('SELECT record FROM jobs WHERE id > ? ORDER BY id LIMIT ?');
    return select.all(after, limit).map(jobOf);
  }

  async put(jobs: readonly { readonly job: StoredJob; readonly errors: readonly StoredJobError[] }[]): Promise<void> {
    this.#database.durably(() =>
      this.#database.transaction(() => {
        for (const { job, errors } of jobs) {
          this.#insert(this.#put, job);
          this.errors.replaceAll(job._id, errors);
        }
      }),
    );
    this.#queue.wake();
  }

  /** Before the database. */
  async close(): Promise<void> {
    await this.stop();
    this.messages.close();
  }

  /** @returns false if the statement ignored the job */
  #insert(insert: StatementSync, job: StoredJob): boolean {
    const { _id, _integrationId, _flowId, type, status, createdAt, scheduledAt } = job;
    const claim = isActive(job) ? 0 : null;
    const columns = [_id, _integrationId, _flowId, type, status, createdAt, scheduledAt ?? null, claim];
    if (insert.run(...columns, JSON.stringify(job)).changes === 0) return false;
    if (scheduledAt !== undefined) this.#schedule.run(_flowId, _integrationId, scheduledAt);
    return true;
  }

  async #remove(jobId: string): Promise<void> {
    this.#queue.abort(jobId);
    await this.errors.forget(jobId);
    this.#database.write(() =>
      this.#database.transaction(() => {
        // A running job may have stored more meanwhile.
        this.errors.replaceAll(jobId, []);
        this.#delete.run(jobId);
      }),
    );
  }

  /** Runs a query for each flow in time slices: an integration may have thousands. */
  async #rowsOf<Row>(flowIds: readonly string[], ask: (flowId: string) => Row | undefined): Promise<Row[]> {
    const rows: Row[] = [];
    const slice = new TimeSlice();
    for (const flowId of flowIds) {
      const row = ask(flowId);
      if (row !== undefined) rows.push(row);
      if (slice.isOver) await slice.next();
    }
    return rows;
  }
}

const jobOf = ({ record }: Record<string, unknown>): StoredJob => JSON.parse(String(record)) as StoredJob;
