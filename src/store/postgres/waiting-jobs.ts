/**
 * The queue of waiting jobs, kept by the job queue library. The transaction that removes a job records which node takes
 * it, so the library has nothing to watch or clean up, and needs no session of its own.
 */
import type { JobKey } from '../running-jobs.ts';
import type { Database, Query, Value } from './database.ts';
import { type Executor, libraryOn, QUEUE, type QueueLibrary } from './queue-library.ts';

const S_PER_MS = 0.001;

export interface WaitingJob extends JobKey {
  /** Jobs are taken in the order of their turns. */
  readonly turn: number;
  /** Time before a node may take it. */
  readonly pauseMs?: number;
}

const within = (query: Query): { db: Executor } => ({
  db: { executeSql: async (text, values = []) => ({ rows: await query({ text }, values as Value[]) }) },
});

export class WaitingJobs {
  readonly #library: QueueLibrary;

  private constructor(library: QueueLibrary) {
    this.#library = library;
  }

  static async open(database: Database): Promise<WaitingJobs> {
    const library = libraryOn(within((...statement) => database.query(...statement)).db);
    await library.start();
    return new WaitingJobs(library);
  }

  /** Within the transaction that stores the jobs. */
  async add(query: Query, jobs: readonly WaitingJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const rows = jobs.map(({ integrationId, jobId, turn, pauseMs = 0 }) => ({
      data: { integrationId, jobId },
      priority: -turn,
      startAfter: pauseMs * S_PER_MS,
    }));
    await this.#library.insert(QUEUE, rows, within(query));
  }

  /** Takes the next jobs out of the queue, within the transaction that records their node. */
  async take(query: Query, limit: number): Promise<JobKey[]> {
    const transaction = within(query);
    const taken = await this.#library.fetch<JobKey>(QUEUE, { batchSize: limit, ...transaction });
    if (taken.length === 0) return [];
    const ids = taken.map(({ id }) => id);
    await this.#library.deleteJob(QUEUE, ids, transaction);
    return taken.map(({ data }) => data);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#library.stop({ graceful: false });
  }
}
