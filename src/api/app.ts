/** The HTTP application: conventions of contract 3 around the routes of contract 4. */
import { createRequire } from 'node:module';
import type * as koaRouter from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { InProcessCallers } from '../broker/in-process-callers.ts';
import type { OneTimeTokens } from '../broker/one-time-tokens.ts';
import { type ErrorCode, RequestError, requestError } from '../errors.ts';
import type { Feed } from '../feed/feed.ts';
import type { Service } from '../integration/service.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { StoreError } from '../store/store.ts';
import { authenticate, guardHost, recognizeRuns } from './auth.ts';
import { backupRoutes } from './backup.ts';
import { connectionRoutes } from './connections.ts';
import { connectorRoutes } from './connectors.ts';
import { type ApiContext, replyJson } from './context.ts';
import { allowOrigins } from './cors.ts';
import { descriptionRoutes } from './description.ts';
import { direct } from './direct.ts';
import { eventRoutes } from './events.ts';
import { checkExpectation } from './expectation.ts';
import { functionRoutes } from './functions.ts';
import type { Idempotency } from './idempotency.ts';
import { integrationRoutes } from './integrations.ts';
import { metricRoutes } from './metrics.ts';
import { type EndedRequest, observe } from './observe.ts';
import { servePage } from './page.ts';
import { refuseEmptyConditions } from './preconditions.ts';
import { type Health, healthRoutes, type OpenRoutes, serveOpen } from './public-routes.ts';
import { FailedAuthentications, limitRate, type RateLimitOptions } from './rate-limit.ts';
import { recordRoutes } from './records.ts';
import { runRoutes } from './runs.ts';
import { stateRoutes } from './state.ts';
import { tileRoutes } from './tiles.ts';

// Its module for imports imports `node:http`, which server.ts says something about.
const { Router } = createRequire(import.meta.url)('@koa/router') as typeof koaRouter;

/** What the routes need. */
export interface RouteOptions {
  readonly service: Service;
  readonly idempotency: Idempotency;
  readonly metrics: Metrics;
  readonly feed: Feed;
  readonly publicUrl: () => string;
}

export interface AppOptions extends RouteOptions {
  /** Where the built dashboard lies. */
  readonly pageFolder: string;
  /** Of the product. */
  readonly version: string;
  readonly tokenHash: string;
  readonly oneTimeTokens: OneTimeTokens;
  readonly callers: InProcessCallers;
  readonly isOnLoopback: () => boolean;
  readonly health: Health;
  readonly rateLimit: RateLimitOptions;
  /** Whose pages may use the API from a browser. */
  readonly corsOrigins: readonly string[];
  readonly isClosing: () => boolean;
  readonly onError: (error: unknown, requestId: string) => void;
  /** Told of each request when its reply has gone. */
  readonly onRequestEnded: (request: EndedRequest) => void;
}

export function createApp(options: AppOptions): Koa {
  const app = new Koa();
  // Whatever gets past the error replies is a bug or a broken connection.
  app.on('error', (error, ctx?: ApiContext) => options.onError(error, ctx?.state.requestId ?? ''));
  const router = routes(options);
  app.use(observe(options.onRequestEnded));
  app.use(replyErrors(options.onError));
  app.use(allowOrigins(options.corsOrigins));
  app.use(checkExpectation);
  app.use(recognizeRuns(options.callers));
  app.use(guardHost(options.isOnLoopback, options.publicUrl));
  app.use(servePage(options.pageFolder));
  app.use(underVersion);
  app.use(serveOpen(openRoutes(options)));
  app.use(limitRate(options.rateLimit));
  app.use(authenticate(options.tokenHash, options.oneTimeTokens, new FailedAuthentications(options.rateLimit)));
  app.use(refuseWhileClosing(options.isClosing));
  app.use(refuseEmptyConditions);
  app.use(direct(router));
  app.use(refuseUnknown(router));
  return app;
}

/** What is answered without a token. */
export function openRoutes({
  health,
  version,
  publicUrl,
}: Pick<AppOptions, 'health' | 'version' | 'publicUrl'>): OpenRoutes {
  return new Map([...healthRoutes(health), ...descriptionRoutes(version, publicUrl)]);
}

/** Those first that are asked for most. */
export function routes({ service, idempotency, metrics, feed, publicUrl }: RouteOptions): koaRouter.Router {
  const router = new Router({ sensitive: true });
  functionRoutes(router, service, idempotency, publicUrl);
  integrationRoutes(router, service, idempotency, publicUrl);
  connectorRoutes(router, service, publicUrl);
  connectionRoutes(router, service);
  recordRoutes(router, service, idempotency, publicUrl);
  stateRoutes(router, service);
  runRoutes(router, service, publicUrl);
  tileRoutes(router, service, publicUrl);
  backupRoutes(router, service);
  metricRoutes(router, metrics);
  eventRoutes(router, feed, service.activity);
  router.get('/tokenInfo', tokenInfo);
  return router;
}

/** Turns whatever was thrown into the error reply. */
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

/** Errors of the router and of koa that have a meaning for the client. */
const byStatus: Readonly<Record<number, ErrorCode>> = { 400: 'bad_request', 413: 'request_too_large' };

function asRequestError(error: unknown, report: () => void): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof StoreError) {
    if (error.code === 'integration_too_large') return requestError(error.code, { message: error.message });
    report();
    return requestError(error.code);
  }
  const { status = 500, expose, code: cause } = error as { status?: number; expose?: boolean; code?: string };
  // The only address that is taken from a request as it is, is the request's own.
  const code = cause === 'ERR_INVALID_URL' ? 'bad_request' : expose ? byStatus[status] : undefined;
  if (code) return requestError(code);
  report();
  return requestError('internal_error');
}

/** `/v1/…` and the root are the same routes. */
const underVersion: Middleware = (ctx, next) => {
  const { path } = ctx;
  if (path === '/v1') ctx.path = '/';
  else if (path.startsWith('/v1/')) ctx.path = path.slice(3);
  return next();
};

/** A run that is given time to end may go on asking. */
function refuseWhileClosing(isClosing: () => boolean): Middleware {
  return (ctx, next) => {
    if (!isClosing() || (ctx as ApiContext).state.grant) return next();
    ctx.set('Connection', 'close');
    throw requestError('shutting_down');
  };
}

const tokenInfo: Middleware = (ctx) => {
  const { grant } = (ctx as ApiContext).state;
  const told = grant
    ? {
        scope: 'run',
        runId: grant.runId,
        _connectorId: grant.connectorId,
        _integrationId: grant.integrationId,
        expiresAt: new Date(grant.expiresAt).toISOString(),
      }
    : { scope: 'administrator' };
  replyJson(ctx, told);
};

/** 405 with `Allow` for a known path, 404 for the rest. */
function refuseUnknown(router: koaRouter.Router): Middleware {
  return (ctx) => {
    const { path: layers } = router.match(ctx.path, ctx.method);
    const allowed = new Set(layers.flatMap(({ methods }) => methods));
    if (allowed.size === 0) throw requestError('not_found');
    ctx.set('Allow', [...allowed].join(', '));
    throw requestError('method_not_allowed');
  };
}
