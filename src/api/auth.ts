/** Authentication by bearer token (RFC 6750), and the check of `Host`. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { InProcessCallers } from '../broker/in-process-callers.ts';
import { isSameSecret, type OneTimeTokens } from '../broker/one-time-tokens.ts';
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';
import { clientOf, type FailedAuthentications } from './rate-limit.ts';
import type { TokenAuthority } from './token-authority.ts';
import { hashToken } from './token-hash.ts';

const BEARER = /^bearer +([^\s]+) *$/i;

/**
 * Gives an in-process request the authority of its run, and no other. Refuses any other `Authorization` without
 * comparing it to other tokens.
 *
 * @throws RequestError `access_restricted`
 */
export function recognizeRuns(callers: InProcessCallers): Middleware {
  return (ctx, next) => {
    const caller = callers.of(ctx.req);
    if (!caller) return next();
    const { grant, token, authorizations, body } = caller;
    const isOwn = (authorization: string): boolean => isSameSecret(BEARER.exec(authorization)?.[1] ?? '', token);
    if (!authorizations.every(isOwn)) throw requestError('access_restricted', { message: OWN_TOKEN_ONLY });
    const { state } = ctx as ApiContext;
    state.grant = grant;
    if (body) state.body = body;
    return next();
  };
}

const OWN_TOKEN_ONLY = 'A run may send only its own bearerToken, or no Authorization.';

/** @throws RequestError `unauthorized` if there is none */
function tokenIn(authorization: string): string {
  const [, token] = BEARER.exec(authorization) ?? [];
  if (token === undefined) throw requestError('unauthorized');
  return token;
}

/** @param tokenHash SHA-256 of the administrator's token, hex */
export function authenticate(
  tokenHash: string,
  oneTimeTokens: OneTimeTokens,
  authority: TokenAuthority,
  failedAuthentications: FailedAuthentications,
): Middleware {
  const expected = Buffer.from(tokenHash, 'latin1');
  const actual = Buffer.alloc(expected.length);
  const isAdministrators = (token: string): boolean => {
    actual.write(hashToken(token), 'latin1');
    return timingSafeEqual(actual, expected);
  };
  /** The last header with the administrator's token. Comparing it is cheaper than hashing. */
  let lastValid: string | undefined;
  return (ctx, next) => {
    const { grant: own } = (ctx as ApiContext).state;
    if (own) {
      if (!own.isLive || own.isExpired) throw requestError('unauthorized');
      return next();
    }
    const { authorization = '' } = ctx.req.headers;
    const isLastValid = lastValid !== undefined && isSameSecret(authorization, lastValid);
    const token = isLastValid ? '' : tokenIn(authorization);
    const client = clientOf(ctx as ApiContext);
    if (client !== undefined) failedAuthentications.assertMayTry(client);
    if (isLastValid || isAdministrators(token)) {
      lastValid = authorization;
      if (client !== undefined) failedAuthentications.succeeded(client);
      return next();
    }
    const { state } = ctx as ApiContext;
    const grant = oneTimeTokens.find(token);
    if (grant) {
      state.grant = grant;
      return next();
    }
    return authority.authenticate(token).then((accessToken) => {
      if (!accessToken) {
        if (client !== undefined) failedAuthentications.failed(client);
        throw requestError(oneTimeTokens.isElsewhere(token) ? 'run_elsewhere' : 'unauthorized');
      }
      state.token = accessToken;
      return next();
    });
  };
}

const LOOPBACK = /^(?:localhost|(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\]|\[::ffff:127(?:\.\d{1,3}){3}\])$/i;

export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host) || host === '::1';

/** Probes of balancers, some of which send HTTP/1.0 without a `Host`. */
const HEALTH = /^(?:\/v1)?\/(?:healthz|readyz)$/;

/**
 * While the server listens on loopback, `Host` must be a loopback name or that of the public URL. A foreign page
 * whose name was later pointed here (DNS rebinding) cannot send that.
 *
 * @param isOnLoopback called for each request: an embedder may listen later, or not at all
 */
export function guardHost(isOnLoopback: () => boolean, publicUrl: () => string): Middleware {
  return (ctx, next) => {
    const named = ctx.req.headers.host;
    assertOneHost(ctx.req);
    if (!isOnLoopback() || (!named && HEALTH.test(ctx.path))) return next();
    // The common names pass without parsing a URL for each request.
    if (named === undefined || !/^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(named)) {
      const host = hostOf(`http://${named}`);
      if (!named || host === undefined || (!isLoopbackHost(host) && host !== hostOf(publicUrl()))) {
        throw requestError('host_not_allowed');
      }
    }
    return next();
  };
}

/** @throws RequestError 400 for several `Host` lines, or for none since HTTP/1.1 (RFC 9112, 3.2) */
function assertOneHost({ rawHeaders, httpVersionMajor, httpVersionMinor }: IncomingMessage): void {
  let lines = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') lines++;
  }
  if (lines > 1) throw requestError('bad_request', { message: 'The request names its Host more than once.' });
  if (lines === 0 && httpVersionMajor === 1 && httpVersionMinor >= 1) {
    throw requestError('bad_request', { message: 'The request has no Host.' });
  }
}

/** A trailing dot makes no difference. */
function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.replace(/\.$/, '');
}
