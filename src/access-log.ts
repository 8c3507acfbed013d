/** The access log: one line per request. Of the client's own text it contains only the method. */
import type { Logger } from 'pino';
import type { RequestSummary } from './api/observe.ts';

/** Probes come every few seconds, so they are logged at debug level. */
const PROBE_ROUTES: readonly string[] = ['/healthz', '/readyz'];

export function logRequest(logger: Logger, ended: RequestSummary): void {
  const { method, route, status, ms, bytes, requestId, runId, traceId, isAborted, isInProcess } = ended;
  const level = isInProcess || PROBE_ROUTES.includes(route) ? 'debug' : 'info';
  if (!logger.isLevelEnabled(level)) return;
  logger[level]({
    event: 'request',
    method,
    route,
    status,
    ms: Math.round(ms * 100) / 100,
    bytes,
    requestId,
    ...(runId === undefined ? {} : { runId }),
    traceId,
    ...(isAborted ? { aborted: true } : {}),
  });
}
