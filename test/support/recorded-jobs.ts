/** Serves jobs for the store's tests. */
import { vi } from 'vitest';
import type { JobStatus, JobStore, StoredJob } from '../../src/store/jobs.ts';

/** Each job runs until the test ends it or its signal aborts. */
export class RecordedJobs {
  /** Integration and id, in order. */
  readonly started: [string, string][] = [];
  readonly ended: string[] = [];
  readonly aborted: string[] = [];
  readonly cancelled: string[] = [];
  /** The most that have run at a time. */
  most = 0;
  readonly #jobs: JobStore;
  readonly #running = new Map<string, () => void>();

  constructor(jobs: JobStore, concurrency = 10) {
    this.#jobs = jobs;
    jobs.serve({
      concurrency,
      run: ({ integrationId, jobId }, signal) => this.#run(integrationId, jobId, signal),
      onCancel: (jobId) => void this.cancelled.push(jobId),
    });
  }

  get running(): string[] {
    return [...this.#running.keys()];
  }

  /** Waits until a job runs. */
  async start({ _id }: StoredJob, timeoutMs = 10_000): Promise<void> {
    await vi.waitFor(
      () => {
        if (!this.#running.has(_id)) throw new Error(`${_id} does not run`);
      },
      { timeout: timeoutMs, interval: 2 },
    );
  }

  async end(job: StoredJob, status: JobStatus = 'completed'): Promise<void> {
    await this.#jobs.update({ ...job, status });
    this.finish(job);
  }

  /** Its handler resolves, whatever its status is. */
  finish({ _id }: StoredJob): void {
    this.#running.get(_id)?.();
  }

  async #run(integrationId: string, jobId: string, signal: AbortSignal): Promise<void> {
    this.started.push([integrationId, jobId]);
    await new Promise<void>((resolve) => {
      this.#running.set(jobId, resolve);
      this.most = Math.max(this.most, this.#running.size);
      signal.addEventListener('abort', () => {
        this.aborted.push(jobId);
        resolve();
      });
    });
    this.#running.delete(jobId);
    this.ended.push(jobId);
  }
}
