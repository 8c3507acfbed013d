/** A request to the application that a connection stands for, with its credentials filled in. Pure. */
import mustache from 'mustache';
import { type ErrorCode, fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { secretsOf } from './credentials.ts';
import { at } from './record.ts';

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

const text = (connection: JsonObject, path: string): string | undefined => {
  const value = at(connection, path.split('.'));
  return typeof value === 'string' ? value : undefined;
};

function wrong(field: string, message: string): Error {
  const code: ErrorCode = 'invalid_field';
  return fieldErrors([{ code, field, message }]);
}

/**
 * Where the credentials may go: the origin of `http.baseURI`.
 *
 * @returns nothing if there is none
 */
export function originOf(connection: JsonObject | undefined): string | undefined {
  const base = connection && text(connection, 'http.baseURI');
  return base !== undefined && /^https?:\/\//i.test(base) && URL.canParse(base) ? new URL(base).origin : undefined;
}

/**
 * @param open the connection with its credentials
 * @throws RequestError if it does not say enough
 */
export function connectionRequest(open: JsonObject, wanted: Wanted): ConnectionRequest {
  const origin = originOf(open);
  if (origin === undefined) throw wrong('http.baseURI', 'http.baseURI must be an http or https address');
  const base = (text(open, 'http.baseURI') as string).replace(/\/+$/, '');
  const relative = wanted.relativeURI.replace(/^\/+/, '');
  const address = /^(?:[?#]|$)/.test(relative) ? base + relative : `${base}/${relative}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.origin !== origin) throw wrong('Integrator-Relative-URI', 'the relative URI leads elsewhere');
  const headers = new Map(wanted.headers.map(([name, value]) => [name.toLowerCase(), value]));
  for (const [name, value] of [...listedHeaders(open), ...authentication(open, url)])
    headers.set(name.toLowerCase(), value);
  return { url: url.href, method: wanted.method, headers: [...headers] };
}

/** `http.headers`: `{name, value}`, in which `{{connection.…}}` stands for a value of the connection. */
function listedHeaders(open: JsonObject): [string, string][] {
  const listed = at(open, ['http', 'headers']);
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((header: Json): [string, string][] => {
    const [name, value] = [at(header, ['name']), at(header, ['value'])];
    return typeof name === 'string' && typeof value === 'string' ? [[name, filled(value, open)]] : [];
  });
}

function filled(template: string, connection: JsonObject): string {
  try {
    return mustache.render(template, { connection }, {}, { escape: String });
  } catch {
    throw wrong('http.headers', 'http.headers holds a template that is not valid');
  }
}

/** What `http.auth` says: `basic`, or a `token` in a header or in the query. */
function authentication(open: JsonObject, url: URL): [string, string][] {
  const type = text(open, 'http.auth.type');
  if (type === 'basic') {
    const pair = `${text(open, 'http.auth.basic.username') ?? ''}:${text(open, 'http.auth.basic.password') ?? ''}`;
    return [['authorization', `Basic ${Buffer.from(pair).toString('base64')}`]];
  }
  const token = text(open, 'http.auth.token.token');
  if (type !== 'token' || token === undefined) return [];
  if (text(open, 'http.auth.token.location') === 'url') {
    url.searchParams.set(text(open, 'http.auth.token.paramName') ?? 'access_token', token);
    return [];
  }
  const scheme = text(open, 'http.auth.token.scheme') ?? 'Bearer';
  return [[text(open, 'http.auth.token.headerName') ?? 'authorization', `${scheme} ${token}`.trim()]];
}

/** Short values are part of too much else. */
const REDACTED_FROM_CHARS = 6;

/** Takes the credentials out of what the application answers, which may be what it was sent. */
export function redactor(open: JsonObject): (answer: string) => string {
  const basic = authentication(open, new URL('http://localhost')).map(([, value]) => value.split(' ').at(-1) ?? '');
  const secrets = [...secretsOf(open), ...basic].filter(({ length }) => length >= REDACTED_FROM_CHARS);
  return (answer) => secrets.reduce((left, secret) => left.replaceAll(secret, '******'), answer);
}
