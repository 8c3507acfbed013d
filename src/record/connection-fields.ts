/** Where the settings of a connection are: below `http`, or below `rest` in one of that type (contract 14). Pure. */
import type { JsonObject } from '../json.ts';
import { at } from './record.ts';

/** Dotted paths. */
const HTTP = {
  baseURI: 'http.baseURI',
  headers: 'http.headers',
  authType: 'http.auth.type',
  username: 'http.auth.basic.username',
  password: 'http.auth.basic.password',
  token: 'http.auth.token.token',
  tokenLocation: 'http.auth.token.location',
  tokenHeader: 'http.auth.token.headerName',
  tokenScheme: 'http.auth.token.scheme',
  tokenParam: 'http.auth.token.paramName',
  pingURI: 'http.ping.relativeURI',
  pingMethod: 'http.ping.method',
  pingBody: 'http.ping.body',
} as const;

export type Fields = Readonly<Record<keyof typeof HTTP, string>>;

const REST: Fields = {
  baseURI: 'rest.baseURI',
  headers: 'rest.headers',
  authType: 'rest.authType',
  username: 'rest.basicAuth.username',
  password: 'rest.basicAuth.password',
  token: 'rest.bearerToken',
  tokenLocation: 'rest.tokenLocation',
  tokenHeader: 'rest.authHeader',
  tokenScheme: 'rest.scheme',
  tokenParam: 'rest.tokenParam',
  pingURI: 'rest.pingRelativeURI',
  pingMethod: 'rest.pingMethod',
  pingBody: 'rest.pingBody',
};

export function fieldsOf(connection: JsonObject | undefined): Fields {
  const isObject = (key: string): boolean =>
    typeof at(connection, [key]) === 'object' && at(connection, [key]) !== null;
  return isObject('rest') && !isObject('http') ? REST : HTTP;
}

/** A text of the connection. */
export function textAt(connection: JsonObject, path: string): string | undefined {
  const value = at(connection, path.split('.'));
  return typeof value === 'string' ? value : undefined;
}

/** A longer base URI is not parsed, since that would take too long. */
const BASE_URI_CHARS = 8_000;

/**
 * The origin of the base URI, where credentials may be sent. Undefined for a URI with user or password, which would be
 * readable by everybody, or with a wildcard, which means several origins.
 */
export function originOf(connection: JsonObject | undefined): string | undefined {
  const base = connection && textAt(connection, fieldsOf(connection).baseURI);
  if (base === undefined || base.length > BASE_URI_CHARS || !/^https?:\/\//i.test(base) || !URL.canParse(base))
    return undefined;
  const { origin, hostname, username, password } = new URL(base);
  return username === '' && password === '' && !hostname.includes('*') ? origin : undefined;
}
