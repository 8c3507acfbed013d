/** Finds a request's route, and checks that the caller may use it. */
import { createRequire } from 'node:module';
import type * as koaRouter from '@koa/router';
import type { Middleware } from 'koa';
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';
import { scopes, type TokenScope } from './operation.ts';
import type { Api, Route } from './route.ts';

// Its ES module imports `node:http`; server.ts says why that is avoided.
const { Router } = createRequire(import.meta.url)('@koa/router') as typeof koaRouter;

/** Routes that need no token. Their replies contain no stored data. */
export function serveOpenRoutes(routes: readonly Route[], api: Api): Middleware {
  const open = routes.filter(({ scope }) => scope === 'none');
  const byPath = new Map(open.map((route) => [route.path, route]));
  const servePatterns = serveByShape(
    open.filter(({ path }) => path.includes('{')),
    api,
  );
  return (context, next) => {
    const ctx = context as ApiContext;
    const route = byPath.get(ctx.path);
    if (!route) return servePatterns(ctx, next);
    ctx.state.route = route;
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw methodNotAllowed(ctx, ['GET', 'HEAD']);
    if (ctx.state.grant && route.runs !== 'own') throw requestError('access_restricted');
    return Promise.resolve(route.handle(ctx, api));
  };
}

/** Routes that need a token. */
export function serveRoutes(routes: readonly Route[], api: Api): Middleware {
  return serveByShape(
    routes.filter(({ scope }) => scope !== 'none'),
    api,
  );
}

/** One router for each shape of a path: @koa/router tries all of its routes on every request. */
function serveByShape(routes: readonly Route[], api: Api): Middleware {
  const groups = Map.groupBy(routes, ({ path }) => shapeOf(path));
  const routers = new Map([...groups].map(([shape, group]) => [shape, serveGroup(group, api)]));
  return (ctx, next) => {
    const serve = routers.get(shapeOf(ctx.path));
    return serve ? serve(ctx, next) : next();
  };
}

const SLASH = 0x2f;

/** Its first segment and the number of segments: `/integrations 4`. A slash at the end makes no difference. */
function shapeOf(path: string): string {
  const firstEnd = path.indexOf('/', 1);
  if (firstEnd < 0) return path;
  let segments = 1;
  for (let i = firstEnd; i < path.length - 1; i++) if (path.charCodeAt(i) === SLASH) segments++;
  return segments === 1 ? path.slice(0, firstEnd) : `${path.slice(0, firstEnd)} ${segments}`;
}

function serveGroup(routes: readonly Route[], api: Api): Middleware {
  const router = new Router({ sensitive: true });
  for (const route of routes) {
    router[route.method](route.path.replace(/\{(\w+)\}/g, ':$1'), (context) => {
      const ctx = context as ApiContext;
      ctx.state.route = route;
      assertMayCall(ctx, route);
      return route.handle(ctx, api);
    });
  }
  return router.routes() as Middleware;
}

/** @throws RequestError 403 if the caller may not use the route, or not the integration in the path */
function assertMayCall({ state: { grant, token }, params }: ApiContext, { runs, scope, path }: Route): void {
  if (!grant && !token) return;
  const id = path.startsWith('/integrations/{_id}') ? params._id : undefined;
  if (grant && (runs !== 'own' || (id !== undefined && id !== grant.integrationId))) throw restricted();
  if (!token) return;
  const allowed: readonly TokenScope[] = scopes[scope];
  if (!allowed.includes(token.scope)) throw restricted(token.scope);
  if (id !== undefined && token.integrationIds?.has(id) === false) throw restricted();
}

const restricted = (scope?: TokenScope): Error =>
  requestError('access_restricted', scope && { message: `The scope of the token, ${scope}, does not allow this.` });

/** 405 with `Allow` for a path that has routes, 404 for others. */
export const refuseUnknown: Middleware = (context) => {
  const { matched = [] } = context as koaRouter.RouterContext;
  const allowed = new Set(matched.flatMap(({ methods }) => methods));
  if (allowed.size === 0) throw requestError('not_found');
  throw methodNotAllowed(context as ApiContext, [...allowed]);
};

function methodNotAllowed(ctx: ApiContext, allowed: readonly string[]): Error {
  ctx.set('Allow', allowed.join(', '));
  return requestError('method_not_allowed');
}
