/** What is answered without a token: nothing of it is about what is stored. */
import type { Middleware } from 'koa';
import { requestError } from '../errors.ts';
import { type ApiContext, replyJson } from './context.ts';

export type OpenRoutes = ReadonlyMap<string, (ctx: ApiContext) => void | Promise<void>>;

export function serveOpen(routes: OpenRoutes): Middleware {
  return (context, next) => {
    const ctx = context as ApiContext;
    const { path, method } = ctx;
    const handle = routes.get(path);
    if (!handle) return next();
    ctx.state.route = path;
    if (method !== 'GET' && method !== 'HEAD') {
      ctx.set('Allow', 'GET, HEAD');
      throw requestError('method_not_allowed');
    }
    return Promise.resolve(handle(ctx));
  };
}

/** Why the server is not ready, and what is amiss although it is. */
export type Health = () => { readonly isReady: boolean; readonly reasons: readonly string[] };

export function healthRoutes(healthNow: Health): OpenRoutes {
  const reply = (ctx: ApiContext, { isReady, reasons }: ReturnType<Health>): void => {
    ctx.status = isReady ? 200 : 503;
    if (!isReady) ctx.set('Retry-After', '1');
    replyJson(ctx, { status: !isReady ? 'unavailable' : reasons.length > 0 ? 'degraded' : 'ok', reasons });
  };
  return new Map([
    ['/healthz', (ctx: ApiContext) => reply(ctx, { isReady: true, reasons: [] })],
    ['/readyz', (ctx: ApiContext) => reply(ctx, healthNow())],
  ]);
}
