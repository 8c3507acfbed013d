/** Checks a connector's outbound request, and derives the next request from a redirect. */
import { BrokerError } from './broker-error.ts';
import type { OutboundLimits } from './outbound-limits.ts';
import { methods } from './platform-api.ts';
import { type HeaderPair, sendableHeaders, withoutBodyHeaders, withoutCredentials } from './request-headers.ts';

export interface OutboundRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer | null;
  /** Default: `follow`. */
  readonly redirect?: 'follow' | 'manual' | 'error';
}

/** One request on the wire. A redirect leads to the next hop. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer | null;
}

function checkedBody(body: Buffer | null, limit: number): Buffer | null {
  if (body && body.length > limit) throw new BrokerError('invalid_request', `The body is larger than ${limit} bytes.`);
  return body;
}

/** @throws BrokerError */
export function parseUrl({ url }: OutboundRequest, limits: OutboundLimits): URL {
  if (url.length <= limits.urlChars && URL.canParse(url)) return new URL(url);
  throw new BrokerError('invalid_request', 'The address is not valid.');
}

/** @throws BrokerError */
export function firstHop(url: URL, request: OutboundRequest, limits: OutboundLimits): Hop {
  const { method } = request;
  if (url.username || url.password) {
    throw new BrokerError('invalid_request', 'The address contains credentials. Send them in a header.');
  }
  if (!methods.some((known) => known === method)) throw new BrokerError('invalid_request', 'The method is not valid.');
  if (request.body !== null && (method === 'GET' || method === 'HEAD')) {
    throw new BrokerError('invalid_request', `A ${method} request has no body.`);
  }
  const headers = sendableHeaders(request.headers, { count: limits.headers, bytes: limits.headerBytes });
  return { url, method, headers, body: checkedBody(request.body, limits.requestBytes) };
}

/** Fetch standard, "redirect status". */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * The request that a redirect asks for (fetch standard, "HTTP-redirect fetch"). Undefined without a `Location`.
 *
 * @throws BrokerError
 */
export function nextHop(hop: Hop, status: number, responseHeaders: readonly HeaderPair[]): Hop | undefined {
  const [location, ...others] = responseHeaders.filter(([name]) => name === 'location').map(([, value]) => value);
  if (location === undefined) return undefined;
  // Header text is Latin-1, but servers send UTF-8.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const url = URL.canParse(text, hop.url) ? new URL(text, hop.url) : undefined;
  if (!url || others.length > 0) throw new BrokerError('request_failed', 'The redirect has no valid address.');
  if (url.username || url.password) {
    throw new BrokerError('request_failed', 'The redirect address contains credentials.');
  }
  const dropsBody = status === 303 ? !['GET', 'HEAD'].includes(hop.method) : status <= 302 && hop.method === 'POST';
  const base = dropsBody
    ? { method: 'GET', body: null, headers: withoutBodyHeaders(hop.headers) }
    : { method: hop.method, body: hop.body, headers: hop.headers };
  return { ...base, url, headers: url.origin === hop.url.origin ? base.headers : withoutCredentials(base.headers) };
}
