/** Gives each request its ids, and reports it when its reply is sent: for the access log and the metrics. */
import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import { IN_PROCESS } from '../broker/platform-api.ts';
import { RUN_ID_HEADER } from '../integration/run-error.ts';
import { newTrace, parseTrace } from '../trace-context.ts';
import type { ApiContext } from './context.ts';

/** Only the method and the trace id come from the client. */
export interface RequestSummary {
  readonly method: string;
  /** `/integrations/{_id}`; `none` if no route was found for path and method. */
  readonly route: string;
  readonly status: number;
  /** From the request to the last byte of the reply. */
  readonly ms: number;
  /** Bytes of the reply's body. */
  readonly bytes: number;
  readonly requestId: string;
  readonly runId?: string | undefined;
  readonly traceId: string;
  /** The client left before it had the whole reply. */
  readonly isAborted: boolean;
  /** The caller is a run in this process. */
  readonly isInProcess: boolean;
}

export function observe(onEnded: (request: RequestSummary) => void): Middleware {
  return (context, next) => {
    const ctx = context as ApiContext;
    const { req, res, state } = ctx;
    const startedAt = performance.now();
    const sentBefore = req.socket.bytesWritten ?? 0;
    const requestId = randomUUID();
    const { traceparent, tracestate } = req.headers;
    state.requestId = requestId;
    state.trace = (traceparent && parseTrace(String(traceparent), headerText(tracestate))) || newTrace(requestId);
    ctx.set('X-Request-Id', requestId);
    res.once('close', () => {
      const runId = res.getHeader(RUN_ID_HEADER) ?? state.grant?.runId;
      onEnded({
        method: ctx.method,
        route: state.route?.path ?? 'none',
        status: res.statusCode,
        ms: performance.now() - startedAt,
        bytes: bytesOf(ctx, sentBefore),
        requestId,
        runId: runId === undefined ? undefined : String(runId),
        traceId: state.trace.traceId,
        isAborted: !res.writableFinished,
        isInProcess: req.socket.remoteAddress === IN_PROCESS,
      });
    });
    return next();
  };
}

const headerText = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(',') : (value ?? '');

/** A stream has no length beforehand: counts what went over the socket, headers included. */
function bytesOf({ method, req, res }: ApiContext, sentBefore: number): number {
  if (method === 'HEAD') return 0;
  const length = res.getHeader('Content-Length');
  if (length !== undefined) return Number(length);
  return res.chunkedEncoding ? (req.socket.bytesWritten ?? 0) - sentBefore : 0;
}
