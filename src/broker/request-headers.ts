/** Headers of a request as connector code gave them, made fit to be sent. */
import { Denied } from './denied.ts';

// See server.ts.
const { validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http');

export type HeaderPair = readonly [name: string, value: string];

/** What belongs to the connection, and not to who uses it; dropped, as a browser does. */
const OF_THE_CONNECTION =
  /^(?:host|content-length|connection|keep-alive|transfer-encoding|upgrade|expect|te|trailer|http2-settings|proxy-.*)$/;

/** What a cross-origin redirect does not take along. */
const CREDENTIALS = /^(?:authorization|cookie)$/;

/** What describes a body that is not sent any more. */
const OF_THE_BODY = /^content-(?:encoding|language|location|type)$/;

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

/** Without blanks at its ends (fetch standard, "normalize"). A pattern would look at each inner blank again and again. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && BLANKS.includes(text.charAt(start))) start++;
  while (end > start && BLANKS.includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/**
 * Names in lower case, values trimmed, in the order that they were given.
 *
 * @throws Denied
 */
export function sendableHeaders(given: readonly HeaderPair[], limits: { count: number; bytes: number }): HeaderPair[] {
  if (given.length > limits.count) throw new Denied('invalid_request', `More than ${limits.count} headers.`);
  const headers: HeaderPair[] = [];
  let bytes = 0;
  for (const [givenName, givenValue] of given) {
    bytes += givenName.length + givenValue.length;
    if (bytes > limits.bytes) throw new Denied('invalid_request', `The headers are larger than ${limits.bytes} bytes.`);
    const value = trimmed(givenValue);
    if (!isValid(givenName, value)) {
      throw new Denied('invalid_request', `The header ${JSON.stringify(givenName.slice(0, 100))} is not valid.`);
    }
    const name = givenName.toLowerCase();
    if (!OF_THE_CONNECTION.test(name)) headers.push([name, value]);
  }
  return headers;
}

/** Adds what every request says unless it says otherwise. */
export function withDefaults(headers: readonly HeaderPair[]): HeaderPair[] {
  const has = (name: string): boolean => headers.some(([present]) => present === name);
  // A part of an encoded body could not be decoded.
  const coding = has('range') ? 'identity' : CODINGS;
  const defaults: HeaderPair[] = [
    ['accept', '*/*'],
    ['accept-encoding', coding],
    ['user-agent', 'bulkhead'],
  ];
  return [...headers, ...defaults.filter(([name]) => !has(name))];
}

export function withoutCredentials(headers: readonly HeaderPair[]): HeaderPair[] {
  return headers.filter(([name]) => !CREDENTIALS.test(name));
}

export function withoutBodyHeaders(headers: readonly HeaderPair[]): HeaderPair[] {
  return headers.filter(([name]) => !OF_THE_BODY.test(name));
}
