/**
 * Hands out jobs to the nodes that share the database. A job's row names the node that has it. Each node works in steps,
 * one at a time: it releases jobs that it could not finish, looks for cancellations, and takes waiting jobs. The next
 * step makes up for a failed one, so an outage needs no special care. Notifications only make it faster.
 */
import type { JobHandlers } from '../jobs.ts';
import { type JobKey, RunningJobs, retryPauseMs } from '../running-jobs.ts';
import type { Database } from './database.ts';
import * as statements from './job-statements.ts';
import type { WaitingJobs } from './waiting-jobs.ts';

/** Time between two steps without a notification. A cancellation arrives within a second. */
const STEP_EVERY_MS = 500;

export class PostgresJobQueue {
  readonly #database: Database;
  readonly #waiting: WaitingJobs;
  readonly #node: string;
  #running: RunningJobs | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Set while steps are running. */
  #stepping: Promise<void> | undefined;
  /** Run another step after this one. */
  #isWoken = false;
  /** The database may list jobs as this node's that do not run here. */
  #mayHaveOthers = true;
  /** Whether this process has taken jobs: otherwise, those listed are of an earlier process. */
  #hasTaken = false;
  #stopped: Promise<void> = Promise.resolve();

  constructor(database: Database, waiting: WaitingJobs, node: string) {
    this.#database = database;
    this.#waiting = waiting;
    this.#node = node;
  }

  serve(handlers: JobHandlers): void {
    this.#running = new RunningJobs(handlers);
    this.#mayHaveOthers = true;
    this.wake();
  }

  /** Call when there may be a new job or a cancellation, or when the database is back. */
  wake(): void {
    this.#isWoken = true;
    const running = this.#running;
    if (!running || this.#stepping) return;
    clearTimeout(this.#timer);
    this.#stepping = this.#steps(running).finally(() => {
      this.#stepping = undefined;
      if (this.#running !== running) return;
      if (this.#isWoken) this.wake();
      else this.#timer = setTimeout(() => this.wake(), STEP_EVERY_MS).unref();
    });
  }

  cancel(jobId: string): void {
    this.#running?.cancel(jobId);
  }

  /**
   * Releases all jobs. If the database cannot be reached, other nodes take them as those of a dead node. Idempotent.
   */
  stop(): Promise<void> {
    if (this.#running) this.#stopped = this.#end(this.#running);
    return this.#stopped;
  }

  async #end(running: RunningJobs): Promise<void> {
    this.#running = undefined;
    clearTimeout(this.#timer);
    await Promise.all([running.stop(), this.#stepping]);
    await this.release(this.#node).catch(() => {});
  }

  /**
   * Puts a node's jobs back into the queue. Any node may do that for a dead one.
   *
   * @param haveFailed whether they must pause first
   * @throws StoreError
   */
  async release(node: string, except: readonly string[] = [], haveFailed = false): Promise<void> {
    await this.#database.transaction(async (query) => {
      const rows = await query<ReleasedRow>(statements.release, [node, except, Number(haveFailed)]);
      const jobs = rows.map(({ integration, id, turn, attempts }) => {
        const pauseMs = haveFailed ? retryPauseMs(attempts) : 0;
        return { integrationId: integration, jobId: id, turn, pauseMs };
      });
      await this.#waiting.add(query, jobs);
      if (rows.length > 0) await query(statements.notify);
    });
  }

  async #steps(running: RunningJobs): Promise<void> {
    while (this.#isWoken && this.#running === running) {
      this.#isWoken = false;
      try {
        await this.#giveBack(running);
        await this.#check(running);
        await this.#take(running);
      } catch {
        // `outage` reports an unreachable database. The next step follows soon.
        return;
      }
    }
  }

  async #giveBack(running: RunningJobs): Promise<void> {
    if (!this.#mayHaveOthers) return;
    this.#mayHaveOthers = false;
    try {
      await this.release(this.#node, running.ids, this.#hasTaken);
    } catch (error) {
      this.#mayHaveOthers = true;
      throw error;
    }
  }

  /** Passes on cancellations, and stops jobs that another node has taken over or that are gone. */
  async #check(running: RunningJobs): Promise<void> {
    const { ids } = running;
    if (ids.length === 0) return;
    const rows = await this.#database.query<OwnedRow>(statements.owned, [ids, this.#node]);
    for (const { id, is_cancelled } of rows) if (is_cancelled) running.cancel(id);
    const owned = new Set(rows.map(({ id }) => id));
    for (const id of ids) if (!owned.has(id)) running.abort(id);
  }

  async #take(running: RunningJobs): Promise<void> {
    for (let room = running.room; room > 0; room = running.room) {
      const [found] = await this.#database.query<{ is_waiting: boolean }>(statements.isAnyWaiting);
      if (!found?.is_waiting) return;
      const { count, claimed } = await this.#claim(room);
      // Otherwise they are released.
      if (this.#running !== running) return;
      for (const job of claimed) void this.#run(running, job);
      if (count < room) return;
    }
  }

  /** @returns the number of jobs that left the queue, and those of them that are still active */
  async #claim(limit: number): Promise<{ count: number; claimed: JobKey[] }> {
    this.#hasTaken = true;
    try {
      return await this.#database.transaction(async (query) => {
        const jobs = await this.#waiting.take(query, limit);
        if (jobs.length === 0) return { count: 0, claimed: [] };
        const columns = [jobs.map(({ integrationId }) => integrationId), jobs.map(({ jobId }) => jobId)];
        const rows = await query<{ integration: string; id: string }>(statements.claim, [this.#node, ...columns]);
        return {
          count: jobs.length,
          claimed: rows.map(({ integration, id }) => ({ integrationId: integration, jobId: id })),
        };
      });
    } catch (error) {
      // If only the answer was lost, the jobs are this node's now.
      this.#mayHaveOthers = true;
      throw error;
    }
  }

  async #run(running: RunningJobs, job: JobKey): Promise<void> {
    await running.run(job);
    this.#mayHaveOthers = true;
    this.wake();
  }
}

interface ReleasedRow {
  readonly integration: string;
  readonly id: string;
  readonly turn: number;
  readonly attempts: number;
}

interface OwnedRow {
  readonly id: string;
  readonly is_cancelled: boolean;
}
