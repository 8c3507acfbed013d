/**
 * Jobs of flows (contract 16): their records, the queue that hands them to nodes, their failed records, and webhook
 * messages. A running job's checkpoint is in the integration's document instead, to be committed with a page's changes.
 */
import type { JsonObject } from '../json.ts';
import type { JobHour, JobHoursQuery } from './job-hours.ts';
import type { SortKey } from './stored.ts';

export const jobStatuses = ['queued', 'running', 'retrying', 'canceling', 'completed', 'failed', 'canceled'] as const;
export type JobStatus = (typeof jobStatuses)[number];
/** Statuses of a job that has not ended. */
export const activeStatuses: readonly JobStatus[] = ['queued', 'running', 'retrying', 'canceling'];
export const endedStatuses: readonly JobStatus[] = ['completed', 'failed', 'canceled'];

/** The store reads only these fields. */
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
  /** Code, message and so on; only `src/flow` reads it. */
  readonly error: JsonObject;
  /** JSON of the record, to send it again; undefined if it was not stopped by the error, or was too large. */
  readonly data?: string;
}

export interface JobErrorQuery {
  /** Only errors with a greater id. */
  readonly after?: string | undefined;
  readonly limit: number;
  readonly isResolved?: boolean | undefined;
  /** The page ends with the error that reaches this many characters of records in total (UTF-8 bytes in a database). */
  readonly chars?: number;
}

export interface JobErrorStore {
  /** Replaces the errors of a job's page, unless the job is gone. Durable when it resolves. */
  put(job: StoredJob, page: number, errors: readonly StoredJobError[]): Promise<void>;
  /** Oldest first. */
  list(jobId: string, query: JobErrorQuery): Promise<StoredJobError[]>;
  count(jobId: string, isResolved?: boolean): Promise<number>;
  /** @param ids default: all of the job. @returns how many were not resolved before */
  resolve(jobId: string, ids?: readonly string[]): Promise<number>;
}

export interface ReceivedTotal {
  readonly count: number;
  /** UTF-8 bytes of their bodies. */
  readonly bytes: number;
}

/** A webhook message that no job has processed. */
export interface ReceivedMessage {
  readonly _id: string;
  readonly integrationId: string;
  readonly exportId: string;
  /** JSON. */
  readonly body: string;
}

export interface MessageStore {
  /** Appends messages in order. Durable when it resolves. Calls in one turn of the event loop share a write. */
  receive(messages: readonly ReceivedMessage[]): Promise<void>;
  /**
   * The oldest messages of an export, up to both limits but at least one. Messages that arrive later, on any node, come
   * after those returned before.
   *
   * @param after only messages after this one; all of them if it is gone, because earlier ones are gone with it
   */
  read(
    exportId: string,
    query: { readonly after?: string | undefined; readonly limit: number; readonly chars: number },
  ): Promise<ReceivedMessage[]>;
  /** Removes an export's messages up to this one; none if it is gone. */
  acknowledge(exportId: string, throughId: string): Promise<void>;
  /** Exports with messages. */
  exports(): Promise<{ readonly integrationId: string; readonly exportId: string }[]>;
  /** Counts an export's messages, up to `limit`. */
  count(exportId: string, limit: number): Promise<ReceivedTotal>;
  /** All messages by export and order of arrival, for copies. @param after id of the previous page's last message */
  page(after: string | undefined, limit: number): Promise<ReceivedMessage[]>;
}

export interface JobHandlers {
  /** Jobs that this node runs at the same time. */
  readonly concurrency: number;
  /**
   * Runs a job to its end, or until the signal aborts because the node stops. An unfinished job resumes on another node
   * or at the next start. A rejection is treated like a crash of the process: the job is handed out again.
   */
  run(job: { readonly integrationId: string; readonly jobId: string }, signal: AbortSignal): Promise<void>;
  /** Somebody wants the job cancelled. Called on the node that runs it, maybe more than once. */
  onCancel(jobId: string): void;
}

export interface JobStore {
  readonly errors: JobErrorStore;
  readonly messages: MessageStore;

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
  /** Asks the node that runs a job to cancel it. A node that takes the job over learns it from the status. */
  requestCancel(job: StoredJob): Promise<void>;

  /** Integrations that have jobs or messages, in any order. */
  integrationIds(): Promise<string[]>;
  /** Removes everything of an integration. */
  forget(integrationId: string): Promise<void>;
  /** Removes ended jobs created before this time, with their errors, at most `limit`. @returns how many */
  purge(before: string, limit: number): Promise<number>;

  /** Starts handing out jobs, including those of dead processes and nodes. */
  serve(handlers: JobHandlers): void;
  /** Stops handing out jobs, aborts the running ones' signals and waits for their handlers. Idempotent. */
  stop(): Promise<void>;

  /** All jobs by id, for copies. */
  allJobs(after: string | undefined, limit: number): Promise<StoredJob[]>;
  /** Stores jobs of another storage with their errors: all of them, durably, or none. */
  put(jobs: readonly { readonly job: StoredJob; readonly errors: readonly StoredJobError[] }[]): Promise<void>;
}
