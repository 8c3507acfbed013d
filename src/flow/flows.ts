/** Flows that run: their jobs, schedules and webhooks (contract 16). */

import type { Service } from '../integration/service.ts';
import type { OfflineEvent } from '../oauth/stored-tokens.ts';
import type { JobStore } from '../store/jobs.ts';
import { markConnection } from './connection-state.ts';
import { FlowJobs } from './flow-jobs.ts';
import type { Job } from './job.ts';
import { Schedules } from './schedules.ts';
import { Webhooks } from './webhooks.ts';

export interface FlowsOptions {
  readonly service: Service;
  readonly jobs: JobStore;
  /** This node's name. */
  readonly node: string | undefined;
  /** Jobs that this node runs at the same time. */
  readonly concurrency: number;
  /** Other nodes use the same store. */
  readonly isShared: boolean;
  readonly events: {
    readonly onStarted: (job: Job) => void;
    readonly onProgress: (job: Job) => void;
    readonly onEnded: (job: Job) => void;
  };
  readonly onConnectionChange: (event: OfflineEvent) => void;
  /** @param id of the job, flow or export, or empty */
  readonly onError: (error: unknown, id: string) => void;
}

export interface Flows {
  readonly jobs: FlowJobs;
  readonly webhooks: Webhooks;
  readonly schedules: Pick<Schedules, 'upcoming'>;
  /** Starts running jobs. Call it once connectors are loaded. */
  serve(): void;
  /** Stops after the current pages. Running jobs resume on another node, or after the next start. Idempotent. */
  close(): Promise<void>;
}

export function openFlows(options: FlowsOptions): Flows {
  const { service, events, isShared, onError, onConnectionChange: onChange } = options;
  const { store, now } = service;
  const jobs = new FlowJobs({
    service,
    jobs: options.jobs,
    node: options.node,
    concurrency: options.concurrency,
    onStarted: events.onStarted,
    onProgress: events.onProgress,
    onEnded(job) {
      events.onEnded(job);
      webhooks.onJobEnded(job).catch((error) => onError(error, job._id));
    },
    markConnection: (...marked) => markConnection({ store, now, onChange }, ...marked),
    onError,
  });
  const webhooks = new Webhooks({ service, jobs, onError });
  const schedules = new Schedules({ store, jobs, now, isShared, onError });
  store.subscribe(({ integrationId, after }) => {
    if (!after) jobs.forget(integrationId).catch((error) => onError(error, integrationId));
  });
  let closed: Promise<void> | undefined;
  return {
    jobs,
    webhooks,
    schedules,
    serve() {
      if (closed) return;
      jobs.serve();
      schedules.start().catch((error) => onError(error, ''));
      webhooks.startWaiting().catch((error) => onError(error, ''));
    },
    close() {
      schedules.close();
      closed ??= jobs.stop();
      return closed;
    },
  };
}
