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
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** As much as a request may have. */
const URL_CHARS = 8_000;
const HEADERS = 100;
const HEADER_CHARS = 16_000;

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
  const origin = originOf(open);
  if (origin === undefined) throw wrong('http.baseURI', 'http.baseURI must be an http or https address');
  const base = text(open, 'http.baseURI') as string;
  if (base.length > URL_CHARS) throw wrong('http.baseURI', `http.baseURI is longer than ${URL_CHARS} characters`);
  const address = joined(base, wanted.relativeURI);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.origin !== origin) throw wrong('Integrator-Relative-URI', 'the relative URI leads elsewhere');
  const headers = new Map(wanted.headers.map(([name, value]) => [name.toLowerCase(), value]));
  for (const [name, value] of [...listedHeaders(open), ...authentication(open, url)])
    headers.set(name.toLowerCase(), value);
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
  return listed.flatMap((header: Json): [string, string][] => {
    const [name, value] = [at(header, ['name']), at(header, ['value'])];
    return typeof name === 'string' && typeof value === 'string' ? [[name, filled(value, open)]] : [];
  });
}

/**
 * Whole values alone, each once: what else the template language can do would send a credential in pieces
 * that nobody recognises in an answer, or go on for as long as it likes.
 */
function filled(template: string, connection: JsonObject): string {
  if (template.length > HEADER_CHARS) throw wrong('http.headers', `a header is longer than ${HEADER_CHARS} characters`);
  const pieces = parsed(template).map(([type, value]) => {
    if (type === 'text') return String(value);
    const [root, ...path] = String(value).split('.');
    if (!['name', '&'].includes(type) || root !== 'connection') {
      throw wrong('http.headers', 'http.headers takes {{connection.…}}, the path of a value, and nothing else');
    }
    const leaf = at(connection, path);
    return leaf === undefined || leaf === null || typeof leaf === 'object' ? '' : String(leaf);
  });
  return pieces.join('');
}

function parsed(template: string): readonly [type: string, value: unknown][] {
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
  if (type === 'basic') return [['authorization', `Basic ${Buffer.from(pairOf(open)).toString('base64')}`]];
  const token = text(open, 'http.auth.token.token');
  if (type !== 'token' || token === undefined) return [];
  if (text(open, 'http.auth.token.location') === 'url') {
    url.searchParams.set(text(open, 'http.auth.token.paramName') ?? 'access_token', token);
    return [];
  }
  const scheme = text(open, 'http.auth.token.scheme') ?? 'Bearer';
  return [[text(open, 'http.auth.token.headerName') ?? 'authorization', `${scheme} ${token}`.trim()]];
}

/** For what the application answers. */
export const redactionOf = (open: JsonObject): Redaction => new Redaction([...secretsOf(open), pairOf(open)]);
