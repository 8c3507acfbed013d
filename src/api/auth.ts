/** Bearer tokens (RFC 6750), and who may be asked at all. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { InProcessCallers } from '../broker/in-process-callers.ts';
import { isSameSecret, type OneTimeTokens } from '../broker/one-time-tokens.ts';
import { requestError } from '../errors.ts';
import type { ApiContext } from './context.ts';
import { clientOf, type FailedAuthentications } from './rate-limit.ts';

export const hashToken = (token: string): string => hash('sha256', token);

const BEARER = /^bearer +([^\s]+) *$/i;

/**
 * An in-process request has the authority of its run and no other. Any other `Authorization` is refused without
 * comparing it to anybody else's token.
 *
 * @throws RequestError `access_restricted`
 */
export function recognizeRuns(callers: InProcessCallers): Middleware {
  return (ctx, next) => {
    const caller = callers.of(ctx.req);
    if (!caller) return next();
    const { grant, token, authorizations, body } = caller;
    const isOwn = (authorization: string): boolean => isSameSecret(BEARER.exec(authorization)?.[1] ?? '', token);
    if (!authorizations.every(isOwn)) throw requestError('access_restricted', { message: OWN_ALONE });
    const { state } = ctx as ApiContext;
    state.grant = grant;
    if (body) state.body = body;
    return next();
  };
}

const OWN_ALONE = 'A run has its own authority and no other: send its bearerToken, or no Authorization.';

/** @throws RequestError `unauthorized` if it names none */
function tokenIn(authorization: string): string {
  const [, token] = BEARER.exec(authorization) ?? [];
  if (token === undefined) throw requestError('unauthorized');
  return token;
}

/** @param tokenHash of the administrator's token, hex; @param failedAuthentications bounds how many may be tried */
export function authenticate(
  tokenHash: string,
  oneTimeTokens: OneTimeTokens,
  failedAuthentications: FailedAuthentications,
): Middleware {
  const expected = Buffer.from(tokenHash, 'latin1');
  const given = Buffer.alloc(expected.length);
  const isAdministrators = (token: string): boolean => {
    given.write(hashToken(token), 'latin1');
    return timingSafeEqual(given, expected);
  };
  /** The last header with that token: to compare the next one with it takes less than a digest. */
  let known: string | undefined;
  return (ctx, next) => {
    const { grant: own } = (ctx as ApiContext).state;
    if (own) {
      if (!own.isLive || own.isExpired) throw requestError('unauthorized');
      return next();
    }
    const { authorization = '' } = ctx.req.headers;
    const isKnown = known !== undefined && isSameSecret(authorization, known);
    const token = isKnown ? '' : tokenIn(authorization);
    const client = clientOf(ctx as ApiContext);
    if (client !== undefined) failedAuthentications.assertMayTry(client);
    if (isKnown || isAdministrators(token)) {
      known = authorization;
      if (client !== undefined) failedAuthentications.succeeded(client);
      return next();
    }
    const grant = oneTimeTokens.find(token);
    if (!grant) {
      if (client !== undefined) failedAuthentications.failed(client);
      throw requestError('unauthorized');
    }
    (ctx as ApiContext).state.grant = grant;
    return next();
  };
}

const LOOPBACK = /^(?:localhost|(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\]|\[::ffff:127(?:\.\d{1,3}){3}\])$/i;

export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host) || host === '::1';

/** What balancers ask, some of them with HTTP/1.0 and without naming a host. */
const HEALTH = /^(?:\/v1)?\/(?:healthz|readyz)$/;

/**
 * While the server is on loopback, a request has to name a loopback host or that of the public URL:
 * a page elsewhere whose name was pointed here afterwards (DNS rebinding) cannot.
 *
 * @param isOnLoopback asked at each request; an embedder may listen later, or not at all
 */
export function guardHost(isOnLoopback: () => boolean, publicUrl: () => string): Middleware {
  return (ctx, next) => {
    const named = ctx.req.headers.host;
    assertOneHost(ctx.req);
    if (!isOnLoopback() || (!named && HEALTH.test(ctx.path))) return next();
    // The usual spellings, before a URL is parsed for each request.
    if (named === undefined || !/^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(named)) {
      const host = hostOf(`http://${named}`);
      if (!named || host === undefined || (!isLoopbackHost(host) && host !== hostOf(publicUrl()))) {
        throw requestError('host_not_allowed');
      }
    }
    return next();
  };
}

/** @throws RequestError 400 for two lines, or none since HTTP/1.1 (RFC 9112, 3.2) */
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

/** A dot at the end names the same host. */
function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.replace(/\.$/, '');
}
