/** Logs runs and the connectors' own log lines, and counts ended runs and jobs. */
import type { Logger } from 'pino';
import type { publishJobs } from './feed/publishers.ts';
import type { Dispatcher } from './integration/dispatch.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { RunListener } from './run/runs.ts';

export function runLog(logger: Logger): Dispatcher['log'] {
  return {
    onLog: (runId, level, text) => logger.info({ event: 'connector_log', runId, level }, text),
    onRunEnded: ({ outcome, ...run }) => {
      if (!logger.isLevelEnabled('debug')) return;
      const fault = outcome.status === 'faulted' ? outcome.fault : undefined;
      logger.debug({ event: 'run_ended', ...run, status: outcome.status, fault, ...outcome.usage });
    },
  };
}

export function countedRuns(listener: RunListener, metrics: Metrics): RunListener {
  return {
    ...listener,
    onEnded(record) {
      listener.onEnded(record);
      const { section, outcome, fault = '', wallMs = 0 } = record;
      metrics.runEnded(section, outcome, fault, wallMs);
    },
  };
}

type JobEvents = ReturnType<typeof publishJobs>;

export function countedJobs(events: JobEvents, metrics: Metrics): JobEvents {
  return {
    ...events,
    onEnded(job) {
      events.onEnded(job);
      const { status, numSuccess: success, numError: error, numIgnore: ignored } = job;
      metrics.jobEnded(status, { success, error, ignored });
    },
  };
}
