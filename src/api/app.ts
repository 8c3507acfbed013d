/** The HTTP application: conventions of contract 3 around the routes of contract 4. */
import Koa, { type Middleware } from 'koa';
import type { InProcessCallers } from '../broker/in-process-callers.ts';
import type { OneTimeTokens } from '../broker/one-time-tokens.ts';
import { type ErrorCode, RequestError, requestError } from '../errors.ts';
import { storeFailure } from '../integration/store-failure.ts';
import { StoreError } from '../store/store.ts';
import { authenticate, guardHost, recognizeRuns } from './auth.ts';
import { type ApiContext, replyJson } from './context.ts';
import { allowOrigins } from './cors.ts';
import { checkExpectation } from './expectation.ts';
import { observe, type RequestSummary } from './observe.ts';
import { Description } from './openapi/description.ts';
import { servePage } from './page.ts';
import { refuseEmptyConditions } from './preconditions.ts';
import { FailedAuthentications, limitRate, type RateLimitOptions } from './rate-limit.ts';
import type { Api } from './route.ts';
import { refuseUnknown, serveOpenRoutes, serveRoutes } from './router.ts';
import { routes } from './routes.ts';
import { refuseInStackWords } from './stack.ts';

export interface AppOptions extends Omit<Api, 'description' | 'webhookSenders'> {
  /** Folder of the built dashboard. */
  readonly pageFolder: string;
  /** Version of the product. */
  readonly version: string;
  /** SHA-256 of the administrator's token, hex. */
  readonly tokenHash: string;
  readonly oneTimeTokens: OneTimeTokens;
  readonly callers: InProcessCallers;
  readonly isOnLoopback: () => boolean;
  readonly rateLimit: RateLimitOptions;
  /** Origins whose pages may use the API. */
  readonly corsOrigins: readonly string[];
  readonly isClosing: () => boolean;
  readonly onError: (error: unknown, requestId: string) => void;
  /** Called for each request when its reply is sent. */
  readonly onRequestEnded: (request: RequestSummary) => void;
}

export function createApp(options: AppOptions): Koa {
  const app = new Koa();
  // Anything that gets past replyErrors is a bug or a broken connection.
  app.on('error', (error, ctx?: ApiContext) => {
    // The client has broken it, which the access log says.
    if (ctx?.req.socket?.errored === error) return;
    options.onError(error, ctx?.state.requestId ?? '');
  });
  const api: Api = {
    ...options,
    description: new Description(options.version, options.publicUrl, routes),
    webhookSenders: new FailedAuthentications(options.rateLimit),
  };
  app.use(observe(options.onRequestEnded));
  app.use(replyErrors(options.onError));
  app.use(allowOrigins(options.corsOrigins));
  app.use(checkExpectation);
  app.use(recognizeRuns(options.callers));
  app.use(guardHost(options.isOnLoopback, options.publicUrl));
  app.use(servePage(options.pageFolder));
  app.use(underVersion);
  app.use(serveOpenRoutes(routes, api));
  app.use(refuseInStackWords);
  app.use(limitRate(options.rateLimit));
  app.use(
    authenticate(
      options.tokenHash,
      options.oneTimeTokens,
      options.authority,
      new FailedAuthentications(options.rateLimit),
    ),
  );
  app.use(refuseWhileClosing(options.isClosing));
  app.use(refuseEmptyConditions);
  app.use(serveRoutes(routes, api));
  app.use(refuseUnknown);
  return app;
}

/** Turns anything thrown into an error reply. */
function replyErrors(onError: AppOptions['onError']): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const { status, errors, headers } = asRequestError(error, () =>
        onError(error, (ctx as ApiContext).state.requestId),
      );
      ctx.status = status;
      ctx.set({ ...headers });
      replyJson(ctx, { errors });
    }
  };
}

/** Errors of koa and its router that the client may see. */
const byStatus: Readonly<Record<number, ErrorCode>> = { 400: 'bad_request', 413: 'request_too_large' };

function asRequestError(error: unknown, report: () => void): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof StoreError) {
    if (error.code !== 'integration_too_large') report();
    return storeFailure(error);
  }
  const { status = 500, expose, code: cause } = error as { status?: number; expose?: boolean; code?: string };
  // The only URL that is parsed unchecked is the request's own.
  const code = cause === 'ERR_INVALID_URL' ? 'bad_request' : expose ? byStatus[status] : undefined;
  if (code) return requestError(code);
  report();
  return requestError('internal_error');
}

/** Strips `/v1`: every route works with and without it. */
const underVersion: Middleware = (ctx, next) => {
  const { path } = ctx;
  if (path === '/v1') ctx.path = '/';
  else if (path.startsWith('/v1/')) ctx.path = path.slice(3);
  return next();
};

/** Running runs may still call while the server drains. */
function refuseWhileClosing(isClosing: () => boolean): Middleware {
  return (ctx, next) => {
    if (!isClosing() || (ctx as ApiContext).state.grant) return next();
    ctx.set('Connection', 'close');
    throw requestError('shutting_down');
  };
}
