/** Checks and normalizes request headers from connector code. */
import { BrokerError } from './broker-error.ts';

// See server.ts.
const { validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http');

export type HeaderPair = readonly [name: string, value: string];

/** Headers of the connection itself. Dropped, as browsers do. */
const CONNECTION_HEADERS =
  /^(?:host|content-length|connection|keep-alive|transfer-encoding|upgrade|expect|te|trailer|http2-settings|proxy-.*)$/;

/** Removed at a cross-origin redirect. */
const CREDENTIAL_HEADERS = /^(?:authorization|cookie)$/;

/** Removed when a redirect drops the body. */
const BODY_HEADERS = /^content-(?:encoding|language|location|type)$/;

const CODINGS = 'gzip, deflate, br, zstd';

function isValid(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

const BLANKS = '\t\n\r ';

/** Fetch standard, "normalize". By hand, since a regular expression takes quadratic time on inner blanks. */
function trim(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && BLANKS.includes(text.charAt(start))) start++;
  while (end > start && BLANKS.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/**
 * Lower-case names and trimmed values, in the given order.
 *
 * @throws BrokerError
 */
export function sendableHeaders(pairs: readonly HeaderPair[], limits: { count: number; bytes: number }): HeaderPair[] {
  if (pairs.length > limits.count) throw new BrokerError('invalid_request', `More than ${limits.count} headers.`);
  const headers: HeaderPair[] = [];
  let bytes = 0;
  for (const [givenName, givenValue] of pairs) {
    bytes += givenName.length + givenValue.length;
    if (bytes > limits.bytes)
      throw new BrokerError('invalid_request', `The headers are larger than ${limits.bytes} bytes.`);
    const value = trim(givenValue);
    if (!isValid(givenName, value)) {
      throw new BrokerError('invalid_request', `The header ${JSON.stringify(givenName.slice(0, 100))} is not valid.`);
    }
    const name = givenName.toLowerCase();
    if (!CONNECTION_HEADERS.test(name)) headers.push([name, value]);
  }
  return headers;
}

export function withDefaults(headers: readonly HeaderPair[]): HeaderPair[] {
  const has = (name: string): boolean => headers.some(([present]) => present === name);
  // A range of a compressed body could not be decompressed.
  const coding = has('range') ? 'identity' : CODINGS;
  const defaults: HeaderPair[] = [
    ['accept', '*/*'],
    ['accept-encoding', coding],
    ['user-agent', 'bulkhead'],
  ];
  return [...headers, ...defaults.filter(([name]) => !has(name))];
}

export function withoutCredentials(headers: readonly HeaderPair[]): HeaderPair[] {
  return headers.filter(([name]) => !CREDENTIAL_HEADERS.test(name));
}

export function withoutBodyHeaders(headers: readonly HeaderPair[]): HeaderPair[] {
  return headers.filter(([name]) => !BODY_HEADERS.test(name));
}
