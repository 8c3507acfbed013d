/** The jobs that this process is running, for every engine. */
import type { JobHandlers } from './jobs.ts';

export interface JobKey {
  readonly integrationId: string;
  readonly jobId: string;
}

interface RunningJob {
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** Pause after a job's first failed attempt; it doubles with each further one. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** @param attempts failed attempts in a row, at least 1 */
export const retryPauseMs = (attempts: number): number => Math.min(RETRY_MS * 2 ** (attempts - 1), RETRY_MAX_MS);

export class RunningJobs {
  readonly #handlers: JobHandlers;
  readonly #running = new Map<string, RunningJob>();

  constructor(handlers: JobHandlers) {
    this.#handlers = handlers;
  }

  get ids(): string[] {
    return [...this.#running.keys()];
  }

  /** Number of further jobs that may run. */
  get room(): number {
    return this.#handlers.concurrency - this.#running.size;
  }

  /** Resolves when the handler has ended or failed. The job's status tells whether the job has ended. */
  async run(job: JobKey): Promise<void> {
    const controller = new AbortController();
    const ended = this.#handle(job, controller.signal);
    this.#running.set(job.jobId, { controller, ended });
    await ended;
    this.#running.delete(job.jobId);
  }

  /** @returns false if the job does not run here */
  cancel(jobId: string): boolean {
    if (!this.#running.has(jobId)) return false;
    this.#handlers.onCancel(jobId);
    return true;
  }

  /** Stops a job that is gone, or that another node runs. */
  abort(jobId: string): void {
    this.#running.get(jobId)?.controller.abort();
  }

  /** Aborts all, and waits for them. */
  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { controller } of running) controller.abort();
    await Promise.all(running.map(({ ended }) => ended));
  }

  async #handle(job: JobKey, signal: AbortSignal): Promise<void> {
    try {
      await this.#handlers.run(job, signal);
    } catch {
      // A job whose handler rejects has not ended, and is handed out again.
    }
  }
}
