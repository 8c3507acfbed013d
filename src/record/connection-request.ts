/** A request to the application that a connection stands for, with its credentials filled in. Pure. */
import mustache from 'mustache';
import { type ErrorCode, fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { secretsOf } from './credentials.ts';
import { at, originOf } from './record.ts';
import { Redaction } from './redaction.ts';

export interface ConnectionRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What is asked of the application, by whoever may use the connection. */
export interface Wanted {
  readonly method: string;
  /** Appended to the connection's `http.baseURI`. */
  readonly relativeURI: string;
  /** Where that comes from, for errors. */
  readonly relativeURIField?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** As much as a request may have: of its address, … */
const URL_CHARS = 8_000;
/** … of headers, of each with its name, and of all that a connection adds. */
const HEADERS = 100;
const HEADER_CHARS = 16_000;
const HEADERS_CHARS = 32 * 1024;
/** `{{…}}` in one header. */
const TAGS = 100;

const text = (connection: JsonObject, path: string): string | undefined => {
  const value = at(connection, path.split('.'));
  return typeof value === 'string' ? value : undefined;
};

function wrong(field: string, message: string): Error {
  const code: ErrorCode = 'invalid_field';
  return fieldErrors([{ code, field, message }]);
}

/**
 * @param open the connection with its credentials
 * @throws RequestError if it does not say enough
 */
export function connectionRequest(open: JsonObject, wanted: Wanted): ConnectionRequest {
  const base = text(open, 'http.baseURI') ?? '';
  if (base.length > URL_CHARS) throw tooLong('http.baseURI', URL_CHARS);
  const origin = originOf(open);
  if (origin === undefined) throw wrong('http.baseURI', 'http.baseURI must be an http or https address');
  const { relativeURI, relativeURIField = 'Integrator-Relative-URI' } = wanted;
  if (relativeURI.length > URL_CHARS) throw tooLong(relativeURIField, URL_CHARS);
  const address = joined(base, relativeURI);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.origin !== origin) throw wrong(relativeURIField, 'the relative URI leads elsewhere');
  const headers = new Map(wanted.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const added = [...listedHeaders(open), ...authentication(open, url)];
  for (const [name, value] of added) headers.set(name.toLowerCase(), value);
  if (url.href.length > URL_CHARS) throw wrong('http.baseURI', `the address is longer than ${URL_CHARS} characters`);
  return { url: url.href, method: wanted.method, headers: [...headers] };
}

/** With one slash between them. */
function joined(base: string, relativeURI: string): string {
  let end = base.length;
  while (base[end - 1] === '/') end--;
  const relative = relativeURI.replace(/^\/+/, '');
  return base.slice(0, end) + (/^(?:[?#]|$)/.test(relative) ? relative : `/${relative}`);
}

/** `http.headers`: `{name, value}`, in which `{{connection.…}}` stands for a value of the connection. */
function listedHeaders(open: JsonObject): [string, string][] {
  const listed = at(open, ['http', 'headers']);
  if (!Array.isArray(listed)) return [];
  if (listed.length > HEADERS) throw wrong('http.headers', `http.headers holds more than ${HEADERS}`);
  let left = HEADERS_CHARS;
  return listed.flatMap((header: Json): [string, string][] => {
    const [name, value] = [at(header, ['name']), at(header, ['value'])];
    if (typeof name !== 'string' || typeof value !== 'string') return [];
    if (name.length + value.length > HEADER_CHARS) throw tooLong('http.headers', HEADER_CHARS);
    const sent: [string, string] = [name, filled(value, open)];
    // A long template may come to nothing, and is gone through all the same.
    left -= name.length + Math.max(value.length, sent[1].length);
    if (left < 0) throw tooLong('http.headers', HEADERS_CHARS);
    return [sent];
  });
}

const tooLong = (field: string, chars: number): Error => wrong(field, `${field} is longer than ${chars} characters`);

/**
 * Whole values alone, each once: what else the template language can do would send a credential in pieces
 * that nobody recognises in an answer, or go on for as long as it likes.
 */
function filled(template: string, connection: JsonObject): string {
  if (!template.includes('{{')) return template;
  let [tags, result] = [0, ''];
  for (const [type, value] of parsed(template)) {
    result += type === 'text' ? String(value) : valueNamed(type, String(value), connection);
    if (type !== 'text' && ++tags > TAGS) throw wrong('http.headers', `a header has more than ${TAGS} templates`);
    // Nothing longer is ever made: a value may have megabytes.
    if (result.length > HEADER_CHARS) throw tooLong('http.headers', HEADER_CHARS);
  }
  return result;
}

function valueNamed(type: string, name: string, connection: JsonObject): string {
  const [root, ...path] = name.split('.');
  if (!['name', '&'].includes(type) || root !== 'connection') {
    throw wrong('http.headers', 'http.headers takes {{connection.…}}, the path of a value, and nothing else');
  }
  const leaf = at(connection, path);
  return leaf === undefined || leaf === null || typeof leaf === 'object' ? '' : String(leaf);
}

/** For these the library looks at the same text again and again; no template needs either. */
const SLOW = /\s{100}|\{\{\s*=/;

function parsed(template: string): readonly [type: string, value: unknown][] {
  if (SLOW.test(template))
    throw wrong('http.headers', 'http.headers holds a template with many blanks or with brackets of its own');
  try {
    // The library's own writer keeps every template that it has seen.
    return new mustache.Writer().parse(template) as [string, unknown][];
  } catch {
    throw wrong('http.headers', 'http.headers holds a template that is not valid');
  }
}

/** The user and the password of `basic`, as they are sent. */
const pairOf = (open: JsonObject): string =>
  `${text(open, 'http.auth.basic.username') ?? ''}:${text(open, 'http.auth.basic.password') ?? ''}`;

/** What `http.auth` says: `basic`, or a `token` in a header or in the query. */
function authentication(open: JsonObject, url: URL): [string, string][] {
  const type = text(open, 'http.auth.type');
  if (type === 'basic') {
    const pair = pairOf(open);
    if (pair.length > HEADER_CHARS / 2) throw tooLong('http.auth.basic', HEADER_CHARS / 2);
    return [['authorization', `Basic ${Buffer.from(pair).toString('base64')}`]];
  }
  const token = text(open, 'http.auth.token.token');
  if (type !== 'token' || token === undefined) return [];
  if (text(open, 'http.auth.token.location') === 'url') {
    const name = text(open, 'http.auth.token.paramName') ?? 'access_token';
    if (name.length + token.length > URL_CHARS) throw tooLong('http.auth.token', URL_CHARS);
    url.searchParams.set(name, token);
    return [];
  }
  const scheme = text(open, 'http.auth.token.scheme') ?? 'Bearer';
  const name = text(open, 'http.auth.token.headerName') ?? 'authorization';
  if (name.length + scheme.length + token.length > HEADER_CHARS) throw tooLong('http.auth.token', HEADER_CHARS);
  return [[name, `${scheme} ${token}`.trim()]];
}

/** For what the application answers. */
export const redactionOf = (open: JsonObject): Redaction => new Redaction([...secretsOf(open), pairOf(open)]);
