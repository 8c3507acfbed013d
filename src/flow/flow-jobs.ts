/** Starts, cancels and retries jobs, and runs those that the queue hands to this node (contract 16). */
import { FairSemaphore } from '../../sandbox/index.ts';
import { requestError } from '../errors.ts';
import { integrationOf } from '../integration/service.ts';
import { activeStatuses, endedStatuses, type JobStore } from '../store/jobs.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { definitionOf } from './definition.ts';
import { hasEnded, type Job, newJob } from './job.ts';
import { JobRun, type JobRunParts } from './job-run.ts';
import { Lanes } from './lanes.ts';
import { flowLimits } from './limits.ts';

export interface FlowJobsParts extends Omit<JobRunParts, 'onProgress' | 'lane'> {
  /** Jobs that this node runs at the same time. */
  readonly concurrency: number;
  readonly onStarted: (job: Job) => void;
  readonly onProgress: (job: Job) => void;
  readonly onEnded: (job: Job) => void;
}

type Asked = Pick<Job, 'triggeredBy'> &
  Partial<Pick<Job, 'scheduledAt' | 'exportIds' | 'startDate' | 'endDate' | 'errorIds' | '_retryOfJobId'>>;

export class FlowJobs {
  readonly store: JobStore;
  readonly #parts: FlowJobsParts;
  readonly #running = new Map<string, JobRun>();
  /** Shared fairly between connectors. */
  readonly #slots: FairSemaphore;
  readonly #lanes = new Lanes();
  #purging: NodeJS.Timeout | undefined;

  constructor(parts: FlowJobsParts) {
    this.#parts = parts;
    this.store = parts.jobs;
    this.#slots = new FairSemaphore(parts.concurrency);
  }

  /** Starts running the jobs that the queue hands out. */
  serve(): void {
    this.store.serve({
      concurrency: this.#parts.concurrency * QUEUED_AHEAD,
      run: ({ jobId }, signal) => this.#run(jobId, signal),
      onCancel: (jobId) => this.#running.get(jobId)?.cancel(),
    });
    this.#purging = setInterval(() => void this.purge(), PURGE_EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#purging);
    await this.store.stop();
  }

  /** @throws RequestError `not_found`, `invalid_field`, `flow_running` */
  async start(integrationId: string, flowId: string, asked: Asked): Promise<Job> {
    const job = await this.add(integrationId, flowId, asked);
    if (!job) throw requestError('flow_running');
    return job;
  }

  /** @returns undefined if the flow already has an active job @throws RequestError if the flow cannot run */
  async add(integrationId: string, flowId: string, asked: Asked): Promise<Job | undefined> {
    const { service } = this.#parts;
    const unit = await UnitOfWork.open(service.store, integrationId);
    const { _connectorId } = integrationOf(unit);
    const { isDisabled, generators } = definitionOf(unit, flowId);
    const unknown = asked.exportIds?.find((id) => !generators.some(({ exportId }) => exportId === id));
    if (unknown !== undefined) {
      const message = `${unknown} is not one of the flow's exports.`;
      throw requestError('invalid_field', { field: '_exportIds', message });
    }
    if (isDisabled && asked.triggeredBy !== 'user') return undefined;
    if (isDisabled) throw requestError('invalid_field', { field: 'disabled', message: 'The flow is disabled.' });
    const owner = _connectorId === undefined ? {} : { _connectorId };
    const type = asked._retryOfJobId === undefined ? 'flow' : 'retry';
    const fields = { _id: service.dispatcher.ids(), type, _integrationId: integrationId, _flowId: flowId } as const;
    const job = newJob({ ...fields, ...owner, ...asked }, service.now());
    return (await this.store.add(job)) ? job : undefined;
  }

  /** Sends failed records again. @throws RequestError */
  async retry(failed: Job, asked: Pick<Asked, 'triggeredBy' | 'errorIds'>): Promise<Job> {
    if (!hasEnded(failed)) throw requestError('flow_running', { message: 'The job has not ended.' });
    return this.start(failed._integrationId, failed._flowId, { ...asked, _retryOfJobId: failed._id });
  }

  /** Ends a job early. @returns its new state */
  async cancel(job: Job): Promise<Job> {
    if (hasEnded(job)) return job;
    const now = this.#parts.service.now().toISOString();
    const ended: Job = { ...job, status: 'canceled', endedAt: now, lastModified: now };
    if (await this.store.update(ended, ['queued'])) {
      this.#parts.onEnded(ended);
      return ended;
    }
    const current = ((await this.store.get(job._id)) ?? job) as Job;
    const canceling: Job = { ...current, status: 'canceling', lastModified: now };
    if (await this.store.update(canceling, activeStatuses)) await this.store.requestCancel(canceling);
    this.#running.get(job._id)?.cancel();
    return ((await this.store.get(job._id)) ?? canceling) as Job;
  }

  /** Marks failed records as resolved. @param errorIds absent: all of the job */
  async resolve(job: Job, errorIds?: readonly string[]): Promise<void> {
    if ((await this.store.errors.resolve(job._id, errorIds)) > 0) await this.#recount(job._id);
  }

  /** Updates an ended job's count of open errors. A running job counts them when it ends. */
  async #recount(jobId: string): Promise<void> {
    const job = (await this.store.get(jobId)) as Job | undefined;
    if (!job || !hasEnded(job)) return;
    const numOpenError = await this.store.errors.count(jobId, false);
    const numResolved = await this.store.errors.count(jobId, true);
    const lastModified = this.#parts.service.now().toISOString();
    await this.store.update(
      { ...job, numOpenError, numResolved, retriable: numOpenError > 0, lastModified },
      endedStatuses,
    );
  }

  /** Ends and removes the jobs of an integration that has been removed. */
  async forget(integrationId: string): Promise<void> {
    for (const run of this.#running.values()) if (run.integrationId === integrationId) run.cancel();
    await this.store.forget(integrationId);
  }

  /** Removes jobs that have passed their retention time. */
  async purge(): Promise<void> {
    const before = new Date(this.#parts.service.now().getTime() - flowLimits.retainedMs).toISOString();
    try {
      while ((await this.store.purge(before, PURGED_AT_ONCE)) === PURGED_AT_ONCE);
    } catch (error) {
      this.#parts.onError(error, '');
    }
  }

  async #run(jobId: string, stop: AbortSignal): Promise<void> {
    const job = (await this.store.get(jobId)) as Job | undefined;
    if (!job || hasEnded(job)) return;
    const { service, onStarted, onProgress, onEnded, onError } = this.#parts;
    const release = await this.#slots.acquire(job._connectorId ?? job._integrationId, stop).catch(() => undefined);
    if (!release) return;
    const lane = this.#lanes.take(job._integrationId);
    let last = job;
    const run = new JobRun(
      {
        ...this.#parts,
        lane,
        onProgress: (next) => {
          if (last.status === 'queued' && next.status === 'running') onStarted(next);
          last = next;
          if (hasEnded(next)) onEnded(next);
          else onProgress(next);
        },
      },
      job,
    );
    this.#running.set(jobId, run);
    try {
      await service.activity.during(() => run.run(stop));
      if (job._retryOfJobId !== undefined) await this.#recount(job._retryOfJobId);
    } catch (error) {
      onError(error, jobId);
      throw error;
    } finally {
      this.#running.delete(jobId);
      this.#lanes.release(job._integrationId, lane);
      release();
    }
  }
}

/** A node takes this many jobs from the queue per slot, to have some of other connectors to choose from. */
const QUEUED_AHEAD = 4;
const PURGE_EVERY_MS = 3_600_000;
const PURGED_AT_ONCE = 100;
