/** A request of a connector: what it asks for, checked, and where a redirect takes it. */
import { Denied } from './denied.ts';
import type { OutboundLimits } from './outbound-limits.ts';
import { methods } from './platform-api.ts';
import { type HeaderPair, sendableHeaders, withoutBodyHeaders, withoutCredentials } from './request-headers.ts';

export interface OutboundRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer | null;
  /** `follow` if it is absent. */
  readonly redirect?: 'follow' | 'manual' | 'error';
}

/** One request on the wire; a redirect makes the next one of it. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer | null;
}

function bounded(body: Buffer | null, limit: number): Buffer | null {
  if (body && body.length > limit) throw new Denied('invalid_request', `The body is larger than ${limit} bytes.`);
  return body;
}

/** @throws Denied */
export function addressOf({ url }: OutboundRequest, limits: OutboundLimits): URL {
  if (url.length <= limits.urlChars && URL.canParse(url)) return new URL(url);
  throw new Denied('invalid_request', 'The address is not valid.');
}

/** @throws Denied */
export function firstHop(url: URL, request: OutboundRequest, limits: OutboundLimits): Hop {
  const { method } = request;
  if (url.username || url.password) {
    throw new Denied('invalid_request', 'The address holds credentials: send them as a header.');
  }
  if (!methods.some((known) => known === method)) throw new Denied('invalid_request', 'The method is not valid.');
  if (request.body !== null && (method === 'GET' || method === 'HEAD')) {
    throw new Denied('invalid_request', `A ${method} request has no body.`);
  }
  const headers = sendableHeaders(request.headers, { count: limits.headers, bytes: limits.headerBytes });
  return { url, method, headers, body: bounded(request.body, limits.requestBytes) };
}

/** Whether an answer is a redirect (fetch standard, "redirect status"). */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * Where a redirect leads, or nothing if it names no place (fetch standard, "HTTP-redirect fetch").
 *
 * @throws Denied
 */
export function redirected(hop: Hop, status: number, responseHeaders: readonly HeaderPair[]): Hop | undefined {
  const [location, ...others] = responseHeaders.filter(([name]) => name === 'location').map(([, value]) => value);
  if (location === undefined) return undefined;
  // Headers come as one character a byte; what is not ASCII is UTF-8 on the web.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const url = URL.canParse(text, hop.url) ? new URL(text, hop.url) : undefined;
  if (!url || others.length > 0) throw new Denied('request_failed', 'The redirect leads to no valid address.');
  if (url.username || url.password) {
    throw new Denied('request_failed', 'The redirect leads to an address with credentials.');
  }
  const losesBody = status === 303 ? !['GET', 'HEAD'].includes(hop.method) : status <= 302 && hop.method === 'POST';
  const bare = losesBody
    ? { method: 'GET', body: null, headers: withoutBodyHeaders(hop.headers) }
    : { method: hop.method, body: hop.body, headers: hop.headers };
  return { ...bare, url, headers: url.origin === hop.url.origin ? bare.headers : withoutCredentials(bare.headers) };
}
