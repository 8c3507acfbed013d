/** Stores a job's failed records, page by page, up to the job's limits. */
import type { Service } from '../integration/service.ts';
import type { JobStore, StoredJobError } from '../store/jobs.ts';
import type { FlowDefinition } from './definition.ts';
import type { PageError } from './engine-answer.ts';
import type { Job } from './job.ts';
import { flowLimits } from './limits.ts';
import type { SourcePage } from './sources.ts';

export interface JobErrorsParts {
  readonly service: Pick<Service, 'dispatcher' | 'now'>;
  readonly jobs: Pick<JobStore, 'errors'>;
}

export class JobErrors {
  readonly #parts: JobErrorsParts;
  /** Errors of committed pages. */
  #committed = 0;
  #ofPage = 0;
  #committedChars = 0;
  #charsOfPage = 0;

  constructor(parts: JobErrorsParts) {
    this.#parts = parts;
  }

  /** Of the committed pages and the current one. */
  get count(): number {
    return this.#committed + this.#ofPage;
  }

  /** Characters of their records. */
  get chars(): number {
    return this.#committedChars + this.#charsOfPage;
  }

  /** Removes errors that an earlier process stored for an uncommitted page. @param chars of the committed pages */
  async begin(job: Job, chars: number): Promise<void> {
    const { jobs } = this.#parts;
    this.#committedChars = chars;
    if ((await jobs.errors.count(job._id)) > 0) await jobs.errors.put(job, job.numPagesProcessed, []);
    this.#committed = await jobs.errors.count(job._id);
  }

  /** Replaces the current page's errors: an earlier attempt may have had others. */
  async put(job: Job, definition: FlowDefinition, page: SourcePage, failed: readonly PageError[]): Promise<void> {
    const isRetriable = !definition.generators[page.generator ?? -1]?.skipsRetries;
    const before = this.#ofPage;
    this.#ofPage = 0;
    this.#charsOfPage = 0;
    const stored = failed
      .slice(0, Math.max(0, flowLimits.jobErrors - this.#committed))
      .map((error) => this.#stored(job, definition, error, isRetriable));
    if (stored.length + before > 0) await this.#parts.jobs.errors.put(job, job.numPagesProcessed, stored);
    this.#ofPage = stored.length;
  }

  /** Call it after the current page's commit. */
  commit(): void {
    [this.#committed, this.#committedChars] = [this.count, this.chars];
    [this.#ofPage, this.#charsOfPage] = [0, 0];
  }

  /** Removes the errors of the current, uncommitted page. */
  async discard(job: Job): Promise<void> {
    if (this.#ofPage > 0) await this.#parts.jobs.errors.put(job, job.numPagesProcessed, []);
    [this.#ofPage, this.#charsOfPage] = [0, 0];
  }

  #stored(
    job: Job,
    { processors }: FlowDefinition,
    { error, data, step }: PageError,
    isRetriable: boolean,
  ): StoredJobError {
    const { service } = this.#parts;
    const { type, id } = processors[step ?? -1] ?? {};
    const hasRoom = this.chars + (data?.length ?? 0) <= flowLimits.jobErrorChars;
    const isKept = data !== undefined && isRetriable && hasRoom;
    if (isKept) this.#charsOfPage += data.length;
    return {
      _id: service.dispatcher.ids(),
      jobId: job._id,
      page: job.numPagesProcessed,
      isResolved: false,
      error: {
        ...error,
        createdAt: service.now().toISOString(),
        ...(step === undefined ? {} : { step }),
        ...(id === undefined ? {} : { [type === 'export' ? '_exportId' : '_importId']: id }),
      },
      ...(isKept ? { data } : {}),
    };
  }
}
