/** Cross-origin requests of web pages (fetch standard, "CORS protocol"): only for listed origins. */
import type { Context, Middleware } from 'koa';

/** Response headers that pages may read, besides the safelisted ones. */
const EXPOSED =
  'ETag, Link, Location, Retry-After, X-Request-Id, Bulkhead-Run-Id, Preference-Applied, Idempotent-Replayed, Content-Disposition, WWW-Authenticate, Allow';
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** How long a browser may cache a preflight. */
const MAX_AGE_SECONDS = 600;
/** Header names separated by commas, as browsers send them. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:, *[\w!#$%&'*+.^`|~-]+)*$/;

/** @param origins exact, like `https://app.example.com` */
export function allowOrigins(origins: readonly string[]): Middleware {
  const allowed = new Set(origins);
  return (ctx, next) => {
    if (allowed.size === 0) return next();
    ctx.vary('Origin');
    const { origin } = ctx.req.headers;
    if (origin === undefined || !allowed.has(origin)) return next();
    ctx.set('Access-Control-Allow-Origin', origin);
    if (ctx.method === 'OPTIONS' && ctx.req.headers['access-control-request-method'] !== undefined) {
      return answerPreflight(ctx);
    }
    ctx.set('Access-Control-Expose-Headers', EXPOSED);
    return next();
  };
}

/** A preflight changes nothing and has no token. */
function answerPreflight(ctx: Context): void {
  const requested = ctx.get('Access-Control-Request-Headers');
  ctx.set('Access-Control-Allow-Methods', METHODS);
  ctx.set('Access-Control-Max-Age', String(MAX_AGE_SECONDS));
  // Any header: the proxy passes on whatever the application takes.
  if (HEADER_NAMES.test(requested)) ctx.set('Access-Control-Allow-Headers', requested);
  ctx.vary('Access-Control-Request-Headers');
  ctx.status = 204;
}
