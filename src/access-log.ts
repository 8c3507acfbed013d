/** The access log: a line for each request. Nothing that a client has written is in it but the method. */
import type { Logger } from 'pino';
import type { RequestSummary } from './api/observe.ts';

/** Asked every few seconds by whoever watches the server. */
const QUIET: readonly string[] = ['/healthz', '/readyz'];

export function logRequest(logger: Logger, ended: RequestSummary): void {
  const { method, route, status, ms, bytes, requestId, runId, traceId, isAborted, isInProcess } = ended;
  const level = isInProcess || QUIET.includes(route) ? 'debug' : 'info';
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
