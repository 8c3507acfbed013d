/**
 * Jobs of flows (contract 16): their records, the queue that hands them to nodes, the records that failed in them, and
 * what webhooks have received. Where a running job stands (its checkpoint) is in the integration's document instead, so
 * that it is committed with the page's changes.
 */
import type { JsonObject } from '../json.ts';
import type { JobHour, JobHoursQuery } from './job-hours.ts';
import type { SortKey } from './stored.ts';

export const jobStatuses = ['queued', 'running', 'retrying', 'canceling', 'completed', 'failed', 'canceled'] as const;
export type JobStatus = (typeof jobStatuses)[number];
/** A job with one of these has not ended. */
export const activeStatuses: readonly JobStatus[] = ['queued', 'running', 'retrying', 'canceling'];
export const endedStatuses: readonly JobStatus[] = ['completed', 'failed', 'canceled'];

/** The store reads these fields only. */
export type StoredJob = JsonObject & {
  readonly _id: string;
  readonly _integrationId: string;
  readonly _flowId: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly createdAt: string;
  readonly lastModified: string;
  /** The time at which the flow's schedule was due. A flow has one job for each. */
  readonly scheduledAt?: string;
};

export interface JobQuery {
  /** Only jobs before this one: the newest are listed first. */
  readonly before: SortKey | undefined;
  readonly limit: number;
  readonly integrationIds?: readonly string[] | undefined;
  readonly flowIds?: readonly string[] | undefined;
  readonly types?: readonly string[] | undefined;
  readonly statuses?: readonly JobStatus[] | undefined;
  /** Inclusive, ISO 8601. */
  readonly createdFrom?: string | undefined;
  readonly createdTo?: string | undefined;
}

/** A record that failed in a job. */
export interface StoredJobError {
  /** Counts up within a job. */
  readonly _id: string;
  readonly jobId: string;
  /** The page in which it failed. */
  readonly page: number;
  readonly isResolved: boolean;
  /** Code, message and the like; only `src/flow` reads it. */
  readonly error: JsonObject;
  /** JSON of the record, to send it again; undefined if it went on, or was too large. */
  readonly data?: string;
}

export interface JobErrorQuery {
  /** Only errors with a greater id. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly isResolved?: boolean | undefined;
  /** Ends with the error whose record exceeds this many characters (UTF-8 bytes in a database), together with those before. */
  readonly chars?: number;
  /** Without `data`, which may be large. */
  readonly withoutData?: boolean;
}

/** What a webhook has received and no job has processed. */
export interface ReceivedMessage {
  readonly _id: string;
  readonly integrationId: string;
  readonly exportId: string;
  /** JSON. */
  readonly body: string;
}

export interface JobHandlers {
  /** Jobs that this node runs at the same time. */
  readonly concurrency: number;
  /**
   * Runs a job to its end, or until the signal aborts because the node stops; a job that has not ended then goes on
   * elsewhere, or at the next start. Rejections are retried like an end of the process.
   */
  run(job: { readonly integrationId: string; readonly jobId: string }, signal: AbortSignal): Promise<void>;
  /** The job is to be cancelled, by whichever node. Called on the node that runs it, maybe more than once. */
  onCancel(jobId: string): void;
}

export interface JobStore {
  /**
   * Stores a new job and queues it. Durable when it resolves.
   *
   * @returns false, without a change, if the flow has a job that has not ended, or one with the same `scheduledAt`
   */
  add(job: StoredJob): Promise<boolean>;
  get(id: string): Promise<StoredJob | undefined>;
  /** Newest first. */
  list(query: JobQuery): Promise<StoredJob[]>;
  /** Counts the jobs created in each hour, oldest first, looking at a bounded number of them. */
  countByHour(query: JobHoursQuery): Promise<JobHour[]>;
  /** The newest job of each of these flows that has one. */
  latestOf(integrationId: string, flowIds: readonly string[]): Promise<StoredJob[]>;
  /** Flows' newest `scheduledAt`, for those that have one. Survives `purge`. */
  lastScheduled(flowIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Replaces a job's record if the stored status is one of `from`. Survives the process, but maybe not the machine.
   *
   * @param from default: the statuses of a job that has not ended
   * @returns false, without a change, otherwise
   */
  update(job: StoredJob, from?: readonly JobStatus[]): Promise<boolean>;
  /** Asks the node that runs a job to cancel it. The job's status tells a node that takes it over. */
  requestCancel(job: StoredJob): Promise<void>;

  /** Replaces the errors of a job's page. Durable when it resolves. */
  putErrors(job: StoredJob, page: number, errors: readonly StoredJobError[]): Promise<void>;
  /** Oldest first. */
  errors(jobId: string, query: JobErrorQuery): Promise<StoredJobError[]>;
  /** @returns how many */
  countErrors(jobId: string, isResolved?: boolean): Promise<number>;
  /** @param ids absent: all of the job. @returns how many were not resolved before */
  resolveErrors(jobId: string, ids?: readonly string[]): Promise<number>;

  /** Appends messages, in their order. Durable when it resolves. Messages of one turn of the event loop share a write. */
  receive(messages: readonly ReceivedMessage[]): Promise<void>;
  /**
   * The oldest messages of an export, up to both limits but at least one. Later calls have no new message before one
   * that an earlier call had, whichever nodes receive.
   *
   * @param after only those that arrived after this one. If it is not stored any more, neither are those before it
   */
  received(
    exportId: string,
    query: { readonly after?: string | undefined; readonly limit: number; readonly chars: number },
  ): Promise<ReceivedMessage[]>;
  /** Removes an export's messages up to this one; none if it is not stored any more. */
  acknowledge(exportId: string, throughId: string): Promise<void>;
  /** Exports with messages. */
  exportsWithMessages(): Promise<{ readonly integrationId: string; readonly exportId: string }[]>;
  /** Messages of an export, up to `limit`. */
  countReceived(exportId: string, limit: number): Promise<number>;

  /** Integrations that have jobs or messages, in no order. */
  integrationIds(): Promise<string[]>;
  /** Removes everything of an integration. */
  forget(integrationId: string): Promise<void>;
  /** Removes ended jobs created before this time, with their errors, at most `limit`. @returns how many */
  purge(before: string, limit: number): Promise<number>;

  /** Starts handing out jobs. Jobs that a dead process or node has left are handed out again. */
  serve(handlers: JobHandlers): void;
  /** Hands out nothing more, aborts the running jobs' signals and waits for their handlers. Idempotent. */
  stop(): Promise<void>;

  /** All jobs by id, for copies. */
  allJobs(after: string | undefined, limit: number): Promise<StoredJob[]>;
  /** All messages by export and order of arrival, for copies. @param after id of one */
  allMessages(after: string | undefined, limit: number): Promise<ReceivedMessage[]>;
  /** Stores jobs of another storage with their errors: all of them, durably, or none. */
  put(jobs: readonly { readonly job: StoredJob; readonly errors: readonly StoredJobError[] }[]): Promise<void>;
}
