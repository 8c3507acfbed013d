/** The ids of a request, and what is told of it when its reply has gone: for the access log and the metrics. */
import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import { IN_PROCESS } from '../broker/platform-api.ts';
import { RUN_ID_HEADER } from '../integration/run-error.ts';
import { newTrace, parseTrace } from '../trace-context.ts';
import type { ApiContext } from './context.ts';

/** Nothing in it comes from the request but its method, and the ids of its run and its trace. */
export interface EndedRequest {
  readonly method: string;
  /** `/integrations/{_id}`; `none` if there is no such route, or the method is not allowed on it. */
  readonly route: string;
  readonly status: number;
  /** From the request to the last byte of the reply. */
  readonly ms: number;
  /** Of the reply's body. */
  readonly bytes: number;
  readonly requestId: string;
  readonly runId?: string | undefined;
  readonly traceId: string;
  /** The client went before it had the whole reply. */
  readonly isAborted: boolean;
  /** A run asked, in this process. */
  readonly isInProcess: boolean;
}

export function observe(onEnded: (request: EndedRequest) => void): Middleware {
  const templates = new Map<string, string>();

  function routeOf(ctx: ApiContext): string {
    const path = ctx._matchedRoute;
    if (typeof path !== 'string') return 'none';
    const known = templates.get(path);
    if (known !== undefined) return known;
    const template = templateOf(path);
    templates.set(path, template);
    return template;
  }

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
        route: state.route ?? routeOf(ctx),
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

/** What the API's description calls the router's parameters. */
const names: Readonly<Record<string, string>> = { id: '_id', run: 'runId' };

/** `/integrations/:id/runs/:run` → `/integrations/{_id}/runs/{runId}`. */
export const templateOf = (path: string): string =>
  path.replace(/:(\w+)/g, (_, name: string) => `{${names[name] ?? name}}`);

/** A stream says no length before: what went over the socket, its head included. */
function bytesOf({ method, req, res }: ApiContext, sentBefore: number): number {
  if (method === 'HEAD') return 0;
  const length = res.getHeader('Content-Length');
  if (length !== undefined) return Number(length);
  return res.chunkedEncoding ? (req.socket.bytesWritten ?? 0) - sentBefore : 0;
}
