/** Converts addresses from an application's answers to relative URIs of its connection. */
import { PageError, shorten } from './errors.ts';
import type { FlowRecord } from './interface.ts';
import { textAt } from './json.ts';

/** The base URI, with one slash at its end. */
export function baseOf(connection: FlowRecord): URL {
  const base = textAt(connection, 'http.baseURI') ?? textAt(connection, 'rest.baseURI') ?? '';
  try {
    const url = new URL(base);
    if (!url.pathname.endsWith('/')) url.pathname += '/';
    return url;
  } catch {
    throw new PageError('request_failed', 'the connection has no base URI to compare an address with');
  }
}

/** The address of a request, joined as the runtime joins it. */
export const addressIn = (connection: FlowRecord, relativeURI: string): URL =>
  new URL(relativeURI.replace(/^\/+/, ''), baseOf(connection));

/**
 * @param address absolute, or relative to the request at `from`
 * @throws PageError `request_failed` if it leads to another origin, which must not get the credentials
 */
export function relativeTo(connection: FlowRecord, address: string, from = ''): string {
  const base = baseOf(connection);
  let url: URL;
  try {
    url = new URL(address, addressIn(connection, from));
  } catch {
    throw new PageError('response_invalid', `the address of the next page is not valid: ${shorten(address, 100)}`);
  }
  if (url.origin !== base.origin) {
    const message = `an address leads to ${shorten(url.origin, 100)} instead of the connection's ${base.origin}`;
    throw new PageError('request_failed', message);
  }
  const path = url.pathname + url.search;
  if (path.startsWith(base.pathname)) return `/${path.slice(base.pathname.length)}`;
  // The runtime appends this to the base URI, so go up from its path first.
  return `${'/..'.repeat(base.pathname.split('/').length - 2)}${path}`;
}
