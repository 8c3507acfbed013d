/**
 * Hands out the jobs of a data folder. The table itself is the queue: `claim` is 0 while a job waits, 1 once it is handed
 * out, and null when it has ended. Integrations take turns: many jobs of one do not delay those of another.
 */
import type { StatementSync } from 'node:sqlite';
import type { JobHandlers } from '../jobs.ts';
import { type JobKey, RunningJobs, retryPauseMs } from '../running-jobs.ts';
import type { Database } from './database.ts';

/** Pause after the database could not be read or written. */
const FAILED_MS = 1_000;

export class SqliteJobQueue {
  readonly #database: Database;
  readonly #next: StatementSync;
  readonly #claim: StatementSync;
  readonly #release: StatementSync;
  readonly #isActive: StatementSync;
  #running: RunningJobs | undefined;
  #stopped: Promise<void> = Promise.resolve();
  /** The integration whose turn was last. */
  #last = '';
  /** Failed attempts in a row, by job. */
  readonly #attempts = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isWoken = false;
  /** Whether the jobs that an earlier process had are back in the queue. */
  #hasReleased = false;

  constructor(database: Database) {
    this.#database = database;
    const { sqlite } = database;
    this.#next = sqlite.prepare(
      'SELECT id, integration FROM jobs WHERE claim = 0 AND integration > ? ORDER BY integration, created, id LIMIT 1',
    );
    this.#claim = sqlite.prepare('UPDATE jobs SET claim = 1 WHERE id = ?');
    this.#release = sqlite.prepare('UPDATE jobs SET claim = 0 WHERE id = ? AND claim = 1');
    this.#isActive = sqlite.prepare('SELECT 1 FROM jobs WHERE id = ? AND claim IS NOT NULL');
  }

  serve(handlers: JobHandlers): void {
    this.#running = new RunningJobs(handlers);
    this.#hasReleased = false;
    this.wake();
  }

  /** Call when a job may have been queued. Jobs of one turn of the event loop are handed out together. */
  wake(): void {
    if (this.#isWoken || !this.#running) return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      this.#handOut();
    });
  }

  cancel(jobId: string): void {
    this.#running?.cancel(jobId);
  }

  /** Stops a job that is gone. */
  abort(jobId: string): void {
    this.#running?.abort(jobId);
  }

  /** Idempotent. */
  stop(): Promise<void> {
    if (this.#running) this.#stopped = this.#running.stop();
    this.#running = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    return this.#stopped;
  }

  #handOut(): void {
    const running = this.#running;
    if (!running) return;
    try {
      this.#releaseAll();
      while (running.room > 0) {
        const job = this.#claimNext();
        if (!job) return;
        void this.#run(running, job);
      }
    } catch {
      // The disk may be full. The next write reports the error.
      this.#later(FAILED_MS, () => this.wake());
    }
  }

  #releaseAll(): void {
    if (this.#hasReleased) return;
    this.#database.sqlite.prepare('UPDATE jobs SET claim = 0 WHERE claim = 1').run();
    this.#hasReleased = true;
  }

  #claimNext(): JobKey | undefined {
    const row = this.#next.get(this.#last) ?? this.#next.get('');
    if (!row) return undefined;
    const job = { integrationId: String(row.integration), jobId: String(row.id) };
    this.#claim.run(job.jobId);
    this.#last = job.integrationId;
    return job;
  }

  async #run(running: RunningJobs, { integrationId, jobId }: JobKey): Promise<void> {
    await running.run({ integrationId, jobId });
    if (this.#running !== running) return;
    this.wake();
    try {
      if (this.#hasEnded(jobId)) {
        this.#attempts.delete(jobId);
        return;
      }
    } catch {
      // Below, the job is handed out again unless it has ended.
    }
    const attempts = (this.#attempts.get(jobId) ?? 0) + 1;
    this.#attempts.set(jobId, attempts);
    this.#later(retryPauseMs(attempts), () => this.#handOutAgain(jobId));
  }

  #hasEnded(jobId: string): boolean {
    return !this.#isActive.get(jobId);
  }

  #handOutAgain(jobId: string): void {
    try {
      this.#release.run(jobId);
      this.wake();
    } catch {
      this.#later(FAILED_MS, () => this.#handOutAgain(jobId));
    }
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
    timer.unref();
  }
}
