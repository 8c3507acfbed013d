/** Opens the flows of a runtime, with their events, metrics and log. */
import type { Logger } from 'pino';
import type { Feed } from './feed/feed.ts';
import { publishConnections, publishJobs } from './feed/publishers.ts';
import { type Flows, openFlows } from './flow/flows.ts';
import type { Service } from './integration/service.ts';
import type { Metrics } from './metrics/metrics.ts';
import { countedJobs } from './run-log.ts';
import type { Storage } from './store/storage.ts';

export interface RunningFlowsOptions {
  readonly service: Service;
  readonly storage: Storage;
  readonly node: string | undefined;
  /** Jobs that run at the same time. */
  readonly concurrency: number;
  readonly feed: Feed;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export function runningFlows(options: RunningFlowsOptions): Flows {
  const { service, storage, node, concurrency, feed, metrics, logger } = options;
  return openFlows({
    service,
    jobs: storage.jobs,
    node,
    concurrency,
    isShared: storage.nodes !== undefined,
    events: countedJobs(publishJobs(feed), metrics),
    onConnectionChange: publishConnections(feed),
    onError: (error, id) => logger.error({ err: error, ...(id === '' ? {} : { id }) }, 'a job could not go on'),
  });
}
