/** What a connection's record says about credentials, and the record to save. Pure. */
import { asString, isJsonObject, type JsonObject } from '../api/json.ts';
import { hasApiKeys, withoutApiKeys } from './keys.ts';
import { contains, objectAt, textAt, valueAt, withValue } from './record-values.ts';

/** The server sends this in place of a credential. Sent back, it keeps the stored one. */
export const MASK = '******';

export const typeNames = {
  http: 'HTTP',
  rest: 'REST (older form of HTTP)',
  wrapper: 'The connector’s own code (wrapper)',
} as const;
export type ConnectionType = keyof typeof typeNames;

/** Inferred from the fields present, since a record need not name a type. Undefined: nothing that a form knows. */
export function typeOf(record: JsonObject): ConnectionType | undefined {
  const types = Object.keys(typeNames) as ConnectionType[];
  const named = types.find((type) => type === record.type);
  return named ?? types.find((type) => isJsonObject(record[type])) ?? (record.type === undefined ? 'http' : undefined);
}

export const authNames = {
  none: 'None',
  basic: 'User name and password',
  token: 'Token',
  custom: 'API keys',
  oauth: 'OAuth 2',
  other: 'Set by the connector',
} as const;
export type AuthType = keyof typeof authNames;

/** Where a type of connection keeps what the form shows: dotted paths. */
export interface Layout {
  readonly address: string;
  readonly ping: string;
  readonly pingMethod: string;
  readonly pingBody: string;
  readonly authType: string;
  readonly authTypes: readonly AuthType[];
  readonly username: string;
  readonly password: string;
  readonly token: string;
  readonly tokenPlace: string;
  readonly tokenHeader: string;
  readonly tokenScheme: string;
  readonly tokenParam: string;
  /** Credentials by the authentication that they are for. */
  readonly credentials: Readonly<Partial<Record<AuthType, string>>>;
}

export const layouts: Readonly<Record<'http' | 'rest', Layout>> = {
  http: {
    address: 'http.baseURI',
    ping: 'http.ping.relativeURI',
    pingMethod: 'http.ping.method',
    pingBody: 'http.ping.body',
    authType: 'http.auth.type',
    authTypes: ['none', 'basic', 'token', 'custom', 'oauth'],
    username: 'http.auth.basic.username',
    password: 'http.auth.basic.password',
    token: 'http.auth.token.token',
    tokenPlace: 'http.auth.token.location',
    tokenHeader: 'http.auth.token.headerName',
    tokenScheme: 'http.auth.token.scheme',
    tokenParam: 'http.auth.token.paramName',
    credentials: { basic: 'http.auth.basic', token: 'http.auth.token', oauth: 'http.auth.oauth' },
  },
  rest: {
    address: 'rest.baseURI',
    ping: 'rest.pingRelativeURI',
    pingMethod: 'rest.pingMethod',
    pingBody: 'rest.pingBody',
    authType: 'rest.authType',
    authTypes: ['none', 'basic', 'token'],
    username: 'rest.basicAuth.username',
    password: 'rest.basicAuth.password',
    token: 'rest.bearerToken',
    tokenPlace: 'rest.tokenLocation',
    tokenHeader: 'rest.authHeader',
    tokenScheme: 'rest.scheme',
    tokenParam: 'rest.tokenParam',
    credentials: { basic: 'rest.basicAuth', token: 'rest.bearerToken' },
  },
};

export function layoutOf(record: JsonObject): Layout | undefined {
  const type = typeOf(record);
  return type === 'http' || type === 'rest' ? layouts[type] : undefined;
}

export function authTypeOf(record: JsonObject): AuthType {
  const layout = layoutOf(record);
  if (!layout) return 'other';
  const named = asString(valueAt(record, layout.authType));
  if (named !== undefined) return layout.authTypes.find((type) => type === named) ?? 'other';
  const found = layout.authTypes.find((type) => {
    const path = layout.credentials[type];
    return path !== undefined && valueAt(record, path) !== undefined;
  });
  if (found) return found;
  if (layout === layouts.rest) return 'none';
  if (Object.keys(objectAt(record, 'http.encrypted')).length > 0) return 'custom';
  return Object.keys(objectAt(record, 'http.auth')).length > 0 ? 'other' : 'none';
}

export const usesOAuth = (record: JsonObject): boolean => authTypeOf(record) === 'oauth';

export const addressOf = (record: JsonObject): string => textAt(record, layoutOf(record)?.address ?? 'http.baseURI');

/** The record as it is sent. Credentials of an authentication that is no longer chosen go; fields unknown here stay. */
export function recordToSave(draft: JsonObject, stored: JsonObject | undefined): JsonObject {
  const layout = layoutOf(draft);
  const type = typeOf(draft);
  const named = { ...withoutOtherTypes(draft, stored), name: textAt(draft, 'name').trim() };
  if (!layout) return named;
  const trimmed = [layout.address, layout.ping].reduce<JsonObject>((record, path) => {
    const text = asString(valueAt(record, path));
    return text === undefined ? record : withValue(record, path, text.trim());
  }, named);
  const auth = authTypeOf(draft);
  if (auth === 'other' || (stored && typeOf(stored) === type && authTypeOf(stored) === auth)) return trimmed;
  const others = layout.authTypes.filter((other) => other !== auth).flatMap((other) => layout.credentials[other] ?? []);
  const start = auth === 'custom' || hasApiKeys(stored) ? trimmed : withoutApiKeys(trimmed);
  return others.reduce<JsonObject>(
    (record, path) => (valueAt(record, path) === undefined ? record : withValue(record, path, undefined)),
    start,
  );
}

/** The type of a new connection may be chosen more than once. */
function withoutOtherTypes(draft: JsonObject, stored: JsonObject | undefined): JsonObject {
  if (stored) return draft;
  const type = typeOf(draft);
  const others = Object.keys(typeNames).filter((other) => other !== type);
  return others.reduce((record, other) => withValue(record, other, undefined), draft);
}

const originOf = (uri: string): string => (URL.canParse(uri.trim()) ? new URL(uri.trim()).origin : uri.trim());

/** Whether the address leads to another server than before: stored credentials do not go along. */
export function isMoved(draft: JsonObject, stored: JsonObject | undefined): boolean {
  return stored !== undefined && originOf(addressOf(draft)) !== originOf(addressOf(stored));
}

/** Whether credentials must be entered again before the record can be saved. */
export function needsCredentials(draft: JsonObject, stored: JsonObject | undefined): boolean {
  return isMoved(draft, stored) && contains(recordToSave(draft, stored), MASK);
}
