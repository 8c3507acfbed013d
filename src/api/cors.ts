/** Cross-origin requests of web pages (fetch standard, "CORS protocol"): closed but for the origins that are listed. */
import type { Context, Middleware } from 'koa';

/** What a page may read beside what every page may. */
const EXPOSED =
  'ETag, Link, Location, Retry-After, X-Request-Id, Bulkhead-Run-Id, Preference-Applied, Idempotent-Replayed, Content-Disposition, WWW-Authenticate, Allow';
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
/** How long a browser may remember a preflight. */
const MAX_AGE_SECONDS = 600;
/** Names of headers with commas between, as browsers send them. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:, *[\w!#$%&'*+.^`|~-]+)*$/;

/** @param origins exact ones, `https://app.example.com` */
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

/** It asks for nothing and comes without a token. */
function answerPreflight(ctx: Context): void {
  const wanted = ctx.get('Access-Control-Request-Headers');
  ctx.set('Access-Control-Allow-Methods', METHODS);
  ctx.set('Access-Control-Max-Age', String(MAX_AGE_SECONDS));
  // The proxy takes whatever header the application does.
  if (HEADER_NAMES.test(wanted)) ctx.set('Access-Control-Allow-Headers', wanted);
  ctx.vary('Access-Control-Request-Headers');
  ctx.status = 204;
}
