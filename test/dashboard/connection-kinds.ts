/** Credentials of every kind: what a user enters, what is saved, and what arrives at the application. */
import type { Received } from './connection-scene.ts';

export interface Kind {
  /** Beside the name, the address and the path for tests. */
  readonly fields: Readonly<Record<string, string>>;
  /** Fields of an API key that is added. */
  readonly key?: Readonly<Record<string, string>>;
  readonly saved: object;
  readonly arrives: Partial<Received>;
}

export const SECRET = 'sëcret-4711-äöü';
const basic = `Basic ${Buffer.from(`zoë:${SECRET}`).toString('base64')}`;
/** In no answer, and on no page. */
export const secrets = [SECRET, encodeURIComponent(SECRET), basic.slice(6), 'token-4711'];

const MASK = '******';
const TEMPLATE = '{{connection.http.encrypted.key}}';
const ping = { relativeURI: '/me' };
const apiKey = { encrypted: { key: MASK }, encryptedFields: [{ id: 'key', label: 'API key' }] };

export const kinds: Readonly<Record<string, Kind>> = {
  none: {
    fields: { Authentication: 'None' },
    saved: { http: { ping, auth: { type: 'none' } } },
    arrives: { method: 'GET', url: '/me' },
  },
  basic: {
    fields: { 'User name': 'zoë', Password: SECRET },
    saved: { http: { ping, auth: { type: 'basic', basic: { username: MASK, password: MASK } } } },
    arrives: { headers: { authorization: basic } },
  },
  token: {
    fields: { Authentication: 'Token', Token: 'token-4711' },
    saved: { http: { ping, auth: { type: 'token', token: { token: MASK } } } },
    arrives: { headers: { authorization: 'Bearer token-4711' } },
  },
  'token in a header of its own': {
    fields: { Authentication: 'Token', Token: 'token-4711', Header: 'X-Shop', 'Word before the token': '' },
    saved: { http: { ping, auth: { type: 'token', token: { token: MASK, headerName: 'X-Shop', scheme: '' } } } },
    arrives: { headers: { 'x-shop': 'token-4711' } },
  },
  'token in the query': {
    fields: { Authentication: 'Token', Token: 'token-4711', 'Sent in': 'The query', Parameter: 'shop_token' },
    saved: {
      http: { ping, auth: { type: 'token', token: { token: MASK, location: 'url', paramName: 'shop_token' } } },
    },
    arrives: { url: '/me?shop_token=token-4711' },
  },
  'API key in a header': {
    fields: { Authentication: 'API keys' },
    key: { Header: 'X-Api-Key', Key: 'token-4711' },
    saved: { http: { ...apiKey, auth: { type: 'custom' }, headers: [{ name: 'X-Api-Key', value: TEMPLATE }] } },
    arrives: { headers: { 'x-api-key': 'token-4711' } },
  },
  'API key in the query': {
    fields: { Authentication: 'API keys', 'Path for tests': `/me?key=${TEMPLATE}` },
    key: { 'Sent in': 'The query or the body', Key: SECRET },
    saved: { http: { ...apiKey, auth: { type: 'custom' }, headers: [] } },
    arrives: { url: `/me?key=${encodeURIComponent(SECRET)}` },
  },
  'API key in the body': {
    fields: { Authentication: 'API keys', 'Method for tests': 'POST', 'Body for tests': `{"key":"${TEMPLATE}"}` },
    key: { 'Sent in': 'The query or the body', Key: SECRET },
    saved: { http: { ...apiKey, ping: { ...ping, method: 'POST', body: `{"key":"${TEMPLATE}"}` } } },
    arrives: { method: 'POST', body: JSON.stringify({ key: SECRET }) },
  },
  'rest with a token': {
    fields: { Type: 'REST (older form of HTTP)', Authentication: 'Token', Token: 'token-4711' },
    saved: { type: 'rest', rest: { pingRelativeURI: '/me', authType: 'token', bearerToken: MASK } },
    arrives: { url: '/me', headers: { authorization: 'Bearer token-4711' } },
  },
  'rest with a user name': {
    fields: {
      Type: 'REST (older form of HTTP)',
      Authentication: 'User name and password',
      'User name': 'zoë',
      Password: SECRET,
    },
    saved: { type: 'rest', rest: { authType: 'basic', basicAuth: { username: 'zoë', password: MASK } } },
    arrives: { headers: { authorization: basic } },
  },
};
