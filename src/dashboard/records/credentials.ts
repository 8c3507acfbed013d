/** Converts a connection's credentials between its record (`http.auth`) and a form. Pure. */
import { asString, isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';

/** The server sends this in place of a credential. Sent back, it keeps the stored one. */
export const MASK = '******';

export type AuthType = 'none' | 'basic' | 'token' | 'other';

export interface ConnectionDraft {
  readonly name: string;
  readonly baseURI: string;
  readonly pingURI: string;
  readonly auth: AuthType;
  readonly username: string;
  readonly password: string;
  readonly token: string;
}

const valueAt = (value: Json | undefined, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), value);
const textAt = (record: StoredRecord, ...path: readonly string[]): string =>
  asString(valueAt(record as unknown as JsonObject, ...path)) ?? '';

/** Inferred from the fields present, since a connection need not name a type. */
export function authTypeOf(record: StoredRecord): AuthType {
  const auth = valueAt(record as unknown as JsonObject, 'http', 'auth');
  if (auth === undefined || auth === null || (isJsonObject(auth) && Object.keys(auth).length === 0)) return 'none';
  if (valueAt(auth, 'basic') !== undefined) return 'basic';
  return valueAt(auth, 'token') === undefined ? 'other' : 'token';
}

export const authNames: Readonly<Record<AuthType, string>> = {
  none: 'None',
  basic: 'User name and password',
  token: 'Token',
  other: 'Set by the connector',
};

export function draftOf(record: StoredRecord): ConnectionDraft {
  return {
    name: record.name,
    baseURI: textAt(record, 'http', 'baseURI'),
    pingURI: textAt(record, 'http', 'ping', 'relativeURI'),
    auth: authTypeOf(record),
    username: textAt(record, 'http', 'auth', 'basic', 'username'),
    password: textAt(record, 'http', 'auth', 'basic', 'password'),
    token: textAt(record, 'http', 'auth', 'token', 'token'),
  };
}

export const emptyDraft: ConnectionDraft = {
  name: '',
  baseURI: '',
  pingURI: '',
  auth: 'basic',
  username: '',
  password: '',
  token: '',
};

/** The whole record for PUT. Fields unknown to the form are kept. */
export function recordOf(draft: ConnectionDraft, before: JsonObject = { type: 'http' }): JsonObject {
  const http = isJsonObject(before.http) ? before.http : {};
  const { auth: oldAuth, ping: oldPing, ...rest } = http;
  const ping = { ...(isJsonObject(oldPing) ? oldPing : {}), relativeURI: draft.pingURI.trim() };
  const auth = authOf(draft, isJsonObject(oldAuth) ? oldAuth : {});
  return {
    ...before,
    name: draft.name.trim(),
    http: {
      ...rest,
      baseURI: draft.baseURI.trim(),
      ...(ping.relativeURI === '' && oldPing === undefined ? {} : { ping }),
      ...(auth === undefined ? {} : { auth }),
    },
  };
}

function authOf(draft: ConnectionDraft, before: JsonObject): JsonObject | undefined {
  const inner = (key: string): JsonObject => {
    const value = before[key];
    return isJsonObject(value) ? value : {};
  };
  switch (draft.auth) {
    case 'basic': {
      const { username, password } = draft;
      return { type: 'basic', basic: { ...inner('basic'), username, password } };
    }
    case 'token':
      return { type: 'token', token: { ...inner('token'), token: draft.token } };
    case 'other':
      return before;
    default:
      return undefined;
  }
}

/** Whether the credentials must be entered again: masked ones cannot move to another origin. */
export function needsNewCredentials(draft: ConnectionDraft, before: ConnectionDraft): boolean {
  const origin = (uri: string): string | undefined => (URL.canParse(uri) ? new URL(uri).origin : undefined);
  const isMasked = [draft.username, draft.password, draft.token].includes(MASK);
  return isMasked && draft.auth !== 'none' && origin(draft.baseURI) !== origin(before.baseURI);
}
