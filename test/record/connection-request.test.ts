/** Limits of connections' requests are checked before anything large is built. */
import { expect, test } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { connectionRequest } from '../../src/record/connection-request.ts';
import type { OpenRecord } from '../../src/record/credentials.ts';
import { ENOUGH_MS, refused, timed } from '../support/timed.ts';

const wanted = { method: 'GET', relativeURI: '/a', headers: [] };
const baseURI = 'https://shop.example';
const openedOf = (record: object): OpenRecord => ({
  record: record as JsonObject,
  authorAt: () => undefined,
  secretsOf: () => [],
});
const request = (http: object, others: object = {}) =>
  connectionRequest(openedOf({ ...others, http: { baseURI, ...http } }), wanted);
const header = (value: string, name = 'x') => ({ name, value });
const token = (values: object) => ({ auth: { type: 'token', token: { token: 't', ...values } } });

test('fills in values up to the limit of a header', () => {
  const { headers } = request(
    { headers: [header('{{connection.x}}-{{&connection.http.n}}'), header('a b', 'y')], n: 1 },
    { x: 'v'.repeat(8_000) },
  );
  expect(headers).toEqual([
    ['x', `${'v'.repeat(8_000)}-1`],
    ['y', 'a b'],
  ]);
});

test.each<[string, object, object, field: string]>([
  [
    'a large value, again and again',
    { headers: Array(8).fill(header('{{connection.x}}'.repeat(90))) },
    { x: 'v'.repeat(900_000) },
    'http.headers',
  ],
  ['a header too long', { headers: [header('{{connection.x}}')] }, { x: 'v'.repeat(16_001) }, 'http.headers'],
  [
    'headers too long together',
    { headers: Array.from({ length: 3 }, (_, i) => header('{{connection.x}}', `x-${i}`)) },
    { x: 'v'.repeat(12_000) },
    'http.headers',
  ],
  ['too many templates', { headers: [header('{{connection.x}}'.repeat(101))] }, { x: '' }, 'http.headers'],
  ['a template that is long', { headers: [header(`{{connection.${'a'.repeat(17_000)}}}`)] }, {}, 'http.headers'],
  [
    'long templates of nothing',
    { headers: Array(100).fill(header(`{{connection.${'a.'.repeat(7_000)}}}`)) },
    {},
    'http.headers',
  ],
  [
    'blanks that never end',
    { headers: Array(100).fill(header(`{{connection.${' '.repeat(15_900)}x}}`)) },
    {},
    'http.headers',
  ],
  [
    'brackets of its own',
    { headers: Array(100).fill(header(`{{=${'a'.repeat(5_000)} b=}}${`${'a'.repeat(4_999)}c`.repeat(2)}`)) },
    {},
    'http.headers',
  ],
  ['a name of a megabyte', { headers: [header('a', 'n'.repeat(1_000_000))] }, {}, 'http.headers'],
  ['an address of a megabyte', { baseURI: `${baseURI}/${'a'.repeat(1_000_000)}` }, {}, 'http.baseURI'],
  ['an address that grows', { baseURI: `${baseURI}/${'ü'.repeat(3_000)}` }, {}, 'http.baseURI'],
  ['a token', token({ token: 't'.repeat(20_000) }), {}, 'http.auth.token'],
  ['a scheme', token({ scheme: 't'.repeat(20_000) }), {}, 'http.auth.token'],
  ['a token in the query', token({ token: 't'.repeat(9_000), location: 'url' }), {}, 'http.auth.token'],
  ["a parameter's name", token({ paramName: 't'.repeat(9_000), location: 'url' }), {}, 'http.auth.token'],
  ['a password', { auth: { type: 'basic', basic: { password: 'p'.repeat(9_000) } } }, {}, 'http.auth.basic'],
])('%s is refused before anything large is built', (_, http, others, field) => {
  const before = process.memoryUsage().rss;
  const { result, ms } = timed(() => refused(() => request(http, others)));
  expect(result.errors).toMatchObject([{ code: 'invalid_field', field }]);
  expect(ms).toBeLessThan(ENOUGH_MS);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
});

test('errors about the relative URI name the field it comes from', () => {
  const relativeURI = '/'.repeat(1_000_000);
  const open = openedOf({ http: { baseURI } });
  const from = (relativeURIField?: string) =>
    refused(() =>
      connectionRequest(open, { ...wanted, relativeURI, ...(relativeURIField ? { relativeURIField } : {}) }),
    );
  expect(from().errors[0]?.field).toBe('Integrator-Relative-URI');
  expect(from('http.ping.relativeURI').errors[0]?.field).toBe('http.ping.relativeURI');
});
