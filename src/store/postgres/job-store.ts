/** Jobs of flows, in PostgreSQL. */
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
import { StoreError } from '../store.ts';
import type { Database, Query, Statement } from './database.ts';
import { isDuplicate } from './database-errors.ts';
import { groupsOf } from './groups.ts';
import { PostgresJobErrors } from './job-errors.ts';
import { countJobsByHour } from './job-hours.ts';
import { jobOf, listJobs } from './job-list.ts';
import { PostgresJobQueue } from './job-queue.ts';
import * as statements from './job-statements.ts';
import { PostgresReceivedMessages } from './received-messages.ts';
import { settle } from './settle.ts';
import { textArray } from './text-array.ts';
import { WaitingJobs } from './waiting-jobs.ts';

/** Few, because each may have thousands of errors. */
const REMOVED_AT_ONCE = 10;
/** UTF-16 code units per statement, so that encoding it does not block the event loop. */
const STATEMENT_CHARS = 1024 * 1024;

interface StoredRow {
  readonly record: string;
}

interface QueuedRow {
  readonly integration: string;
  readonly id: string;
  readonly turn: number;
  readonly status: JobStatus;
}

const isActive = ({ status }: { readonly status: JobStatus }): boolean => activeStatuses.includes(status);
const keyOf = ({ _integrationId, _id }: StoredJob): [string, string] => [_integrationId, _id];
const columnsOf = (job: StoredJob): (string | null)[] => {
  const { _flowId, type, status, createdAt, scheduledAt = null } = job;
  return [...keyOf(job), _flowId, type, status, createdAt, scheduledAt, JSON.stringify(job)];
};

export class PostgresJobStore implements JobStore {
  readonly #database: Database;
  readonly #waiting: WaitingJobs;
  readonly errors: PostgresJobErrors;
  readonly messages: PostgresReceivedMessages;
  readonly #queue: PostgresJobQueue;

  private constructor(database: Database, waiting: WaitingJobs, node: string) {
    this.#database = database;
    this.#waiting = waiting;
    this.errors = new PostgresJobErrors(database);
    this.messages = new PostgresReceivedMessages(database);
    this.#queue = new PostgresJobQueue(database, waiting, node);
  }

  /** @throws StoreError */
  static async open(database: Database, node: string): Promise<PostgresJobStore> {
    return new PostgresJobStore(database, await WaitingJobs.open(database), node);
  }

  async add(job: StoredJob): Promise<boolean> {
    const write = (unsettled?: StoreError): Promise<boolean> =>
      this.#database.transaction(async (query) => {
        if (unsettled && (await query(statements.exists, keyOf(job))).length > 0) return true;
        const [added] = await query<{ turn: number }>(statements.add, columnsOf(job));
        if (added && isActive(job)) await this.#enqueue(query, job, added.turn);
        return added !== undefined;
      });
    const isNew = await settle(write, () => {});
    if (isNew) this.#queue.wake();
    return isNew;
  }

  async get(id: string): Promise<StoredJob | undefined> {
    const [row] = await this.#database.query<StoredRow>(statements.get, [id]);
    return row && jobOf(row);
  }

  list(query: JobQuery): Promise<StoredJob[]> {
    return listJobs(this.#database, query);
  }

  countByHour(query: JobHoursQuery): Promise<JobHour[]> {
    return countJobsByHour(this.#database, query);
  }

  async latestOf(integrationId: string, flowIds: readonly string[]): Promise<StoredJob[]> {
    return (await this.#database.query<StoredRow>(statements.latest, [integrationId, flowIds])).map(jobOf);
  }

  async lastScheduled(flowIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.query<{ flow: string; last: string }>(statements.lastScheduled, [flowIds]);
    return new Map(rows.map(({ flow, last }) => [flow, last]));
  }

  async update(job: StoredJob, from: readonly JobStatus[] = activeStatuses): Promise<boolean> {
    const mayReopen = isActive(job) && !from.every((status) => isActive({ status }));
    const query: Query = (...statement) => this.#database.query(...statement);
    const write = (unsettled?: StoreError): Promise<boolean> =>
      mayReopen ? this.#reopen(job, from) : update(query, job, from, unsettled !== undefined);
    return settle(write, () => {});
  }

  async requestCancel(job: StoredJob): Promise<void> {
    await this.#database.query(statements.requestCancel, keyOf(job));
    this.#queue.cancel(job._id);
  }

  async integrationIds(): Promise<string[]> {
    const rows = await this.#database.query<{ integration: string }>(statements.integrations);
    return rows.map(({ integration }) => integration);
  }

  async forget(integrationId: string): Promise<void> {
    await this.#remove(statements.lockOf, integrationId, Number.POSITIVE_INFINITY);
    await this.#database.query(statements.forgetSchedules, [integrationId]);
    await this.messages.forget(integrationId);
  }

  purge(before: string, limit: number): Promise<number> {
    return this.#remove(statements.lockOld, before, limit);
  }

  serve(handlers: JobHandlers): void {
    this.#queue.serve(handlers);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async allJobs(after = '', limit: number): Promise<StoredJob[]> {
    return (await this.#database.query<StoredRow>(statements.all, [after, limit])).map(jobOf);
  }

  async put(jobs: readonly { readonly job: StoredJob; readonly errors: readonly StoredJobError[] }[]): Promise<void> {
    try {
      await this.#database.transaction((query) => this.#putAll(query, jobs));
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      throw new StoreError('store_unavailable', 'One of the jobs already exists.', { cause: error });
    }
    this.#queue.wake();
  }

  /** Call when another node, or the database, may have something new. */
  wake(): void {
    this.#queue.wake();
  }

  /** Puts the jobs of a dead node back into the queue. @throws StoreError */
  release(node: string): Promise<void> {
    return this.#queue.release(node);
  }

  /** Before the database. */
  async close(): Promise<void> {
    await this.stop();
    await this.#waiting.close();
  }

  async #enqueue(query: Query, { _integrationId, _id }: StoredJob, turn: number): Promise<void> {
    await this.#waiting.add(query, [{ integrationId: _integrationId, jobId: _id, turn }]);
  }

  /** An update that may make an ended job active again. */
  async #reopen(job: StoredJob, from: readonly JobStatus[]): Promise<boolean> {
    try {
      return await this.#database.transaction(async (query) => {
        const [ended] = await query<{ turn: number }>(statements.lockEnded, keyOf(job));
        if (!(await update(query, job, from, false))) return false;
        if (ended) await this.#enqueue(query, job, ended.turn);
        return true;
      });
    } catch (error) {
      // The flow has another active job.
      if (isDuplicate(error)) return false;
      throw error;
    } finally {
      this.#queue.wake();
    }
  }

  async #putAll(query: Query, jobs: Parameters<JobStore['put']>[0]): Promise<void> {
    const rows = jobs.map(({ job }) => ({ columns: columnsOf(job), bytes: JSON.stringify(job).length }));
    for (const group of groupsOf(rows, { bytes: STATEMENT_CHARS })) {
      const columns = group[0]?.columns ?? [];
      const arrays = columns.map((_, column) => textArray(group.map((row) => row.columns[column] ?? null)));
      const stored = await query<QueuedRow>(statements.put, arrays);
      const waiting = stored.filter(isActive);
      await this.#waiting.add(
        query,
        waiting.map(({ integration, id, turn }) => ({ integrationId: integration, jobId: id, turn })),
      );
    }
    for (const { job, errors } of jobs) await this.errors.insert(query, job._integrationId, errors);
    await query(statements.notify);
  }

  /** Removes jobs with their errors, a few at a time. @returns their number */
  async #remove(lock: Statement, key: string, limit: number): Promise<number> {
    for (let count = 0; ; ) {
      const atOnce = Math.min(REMOVED_AT_ONCE, limit - count);
      const removed = await this.#database.transaction(async (query) => {
        const rows = await query<QueuedRow>(lock, [key, atOnce]);
        const keys = [rows.map(({ integration }) => integration), rows.map(({ id }) => id)];
        await query(statements.removeErrors, keys);
        await query(statements.remove, keys);
        return rows.length;
      });
      count += removed;
      if (removed < atOnce || count === limit) return count;
    }
  }
}

/** @param mayBeDone an earlier attempt may have done it */
async function update(query: Query, job: StoredJob, from: readonly JobStatus[], mayBeDone: boolean): Promise<boolean> {
  const values = [...keyOf(job), job.type, job.status, JSON.stringify(job), from, mayBeDone];
  const [row] = await query<{ count: number }>(statements.update, values);
  return (row?.count ?? 0) > 0;
}
