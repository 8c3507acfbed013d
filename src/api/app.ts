/** The HTTP application: conventions of contract 3 around the routes of contract 4. */
import { randomUUID } from 'node:crypto';
import { Router } from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { OneTimeTokens } from '../broker/one-time-tokens.ts';
import { type ErrorCode, RequestError, requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import { StoreError } from '../store/store.ts';
import { authenticate, guardHost } from './auth.ts';
import { backupRoutes } from './backup.ts';
import { connectionRoutes } from './connections.ts';
import { connectorRoutes } from './connectors.ts';
import type { ApiContext } from './context.ts';
import { functionRoutes } from './functions.ts';
import { integrationRoutes } from './integrations.ts';
import { recordRoutes } from './records.ts';
import { runRoutes } from './runs.ts';
import { stateRoutes } from './state.ts';
import { tileRoutes } from './tiles.ts';

export interface AppOptions {
  readonly service: Service;
  readonly tokenHash: string;
  readonly oneTimeTokens: OneTimeTokens;
  readonly publicUrl: () => string;
  readonly isOnLoopback: () => boolean;
  /** Why the server is not ready, and what is amiss although it is. */
  readonly health: () => { readonly isReady: boolean; readonly reasons: readonly string[] };
  readonly isClosing: () => boolean;
  readonly onError: (error: unknown, requestId: string) => void;
}

export function createApp(options: AppOptions): Koa {
  const { service, publicUrl } = options;
  const app = new Koa();
  // Whatever gets past the error replies is a bug or a broken connection.
  app.on('error', (error, ctx?: ApiContext) => options.onError(error, ctx?.state.requestId ?? ''));
  const router = new Router({ sensitive: true });
  // A call's path comes first: it is the one that is asked for most.
  functionRoutes(router, service, publicUrl);
  integrationRoutes(router, service, publicUrl);
  connectorRoutes(router, service, publicUrl);
  connectionRoutes(router, service);
  recordRoutes(router, service, publicUrl);
  stateRoutes(router, service);
  runRoutes(router, service, publicUrl);
  tileRoutes(router, service, publicUrl);
  backupRoutes(router, service);
  router.get('/tokenInfo', tokenInfo);

  app.use(replyErrors(options.onError));
  app.use(underVersion);
  app.use(guardHost(options.isOnLoopback, publicUrl));
  app.use(health(options.health));
  app.use(authenticate(options.tokenHash, options.oneTimeTokens));
  app.use(refuseWhileClosing(options.isClosing));
  app.use(router.routes());
  app.use(refuseUnknown(router));
  return app;
}

/** Turns whatever was thrown into the error reply. */
function replyErrors(onError: AppOptions['onError']): Middleware {
  return async (ctx, next) => {
    const requestId = randomUUID();
    (ctx as ApiContext).state.requestId = requestId;
    ctx.set('X-Request-Id', requestId);
    try {
      await next();
    } catch (error) {
      const { status, errors, headers } = asRequestError(error, () => onError(error, requestId));
      ctx.status = status;
      ctx.set({ ...headers });
      ctx.body = { errors };
    }
  };
}

/** Errors of the router and of koa that have a meaning for the client. */
const byStatus: Readonly<Record<number, ErrorCode>> = { 400: 'bad_request', 413: 'request_too_large' };

function asRequestError(error: unknown, report: () => void): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof StoreError && error.code !== 'store_locked') {
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

function health(healthNow: AppOptions['health']): Middleware {
  return (ctx, next) => {
    const { path, method } = ctx;
    if (path !== '/healthz' && path !== '/readyz') return next();
    if (method !== 'GET' && method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD');
      throw requestError('method_not_allowed');
    }
    const { isReady, reasons } = path === '/healthz' ? { isReady: true, reasons: [] } : healthNow();
    ctx.status = isReady ? 200 : 503;
    if (!isReady) ctx.set('Retry-After', '1');
    ctx.body = { status: !isReady ? 'unavailable' : reasons.length > 0 ? 'degraded' : 'ok', reasons };
    return Promise.resolve();
  };
}

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
  ctx.body = grant
    ? {
        scope: 'run',
        runId: grant.runId,
        _connectorId: grant.connectorId,
        _integrationId: grant.integrationId,
        expiresAt: new Date(grant.expiresAt).toISOString(),
      }
    : { scope: 'administrator' };
};

/** 405 with `Allow` for a known path, 404 for the rest. */
function refuseUnknown(router: Router): Middleware {
  return (ctx) => {
    const allowed = new Set(router.match(ctx.path, ctx.method).path.flatMap(({ methods }) => methods));
    if (allowed.size === 0) throw requestError('not_found');
    ctx.set('Allow', [...allowed].join(', '));
    throw requestError('method_not_allowed');
  };
}
