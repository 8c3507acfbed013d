/** `POST /function`: the stack protocol of the original platform (contract 17). */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { connectorIdOf, serveForAll } from '../support/runtime.ts';

const SECTIONS = `
exports.hooks = {
  echo: (options, callback) => callback(null, options.value),
  all: (options, callback) => callback(null, [options]),
  fails: (options, callback) => callback(Object.assign(new Error('no'), { name: 'my_error' })),
  dates: (options, callback) => callback(null, [options.lastExportDateTime instanceof Date, options.currentExportDateTime.toISOString()]),
  aDate: (options, callback) => callback(null, { at: new Date() }),
  count: (options, callback) => callback(null, (count = (count ?? 0) + 1)),
  own: async ({ path }) => (await fetch(path)).status,
  waits: (options) => new Promise(() => setTimeout(() => {}, 600_000)),
};
let count;
exports.wrappers = { ping: (options, callback) => callback(null, { statusCode: 200 }) };
exports.settings = { save: (options, callback) => callback(null, 'saved') };
exports.utilities = { tool: (options, callback) => callback(null, 'used') };
exports.installer = { step: (options, callback) => callback(null, 'done') };
exports.flat = 5;`;
const FLAT =
  'module.exports = { prefix: "flat ", say(options, callback) { callback(null, this.prefix + options.value); } };';

const shared = serveForAll({
  sections: { code: SECTIONS },
  flat: { code: FLAT, connector: { diy: true } },
});
const client: Client = (...request) => shared().client(...request);
const ask = async (body: Record<string, unknown>) => {
  const _connectorId = await connectorIdOf(client, 'sections');
  return client('POST', '/function', { _connectorId, options: {}, ...body });
};

describe('calls', () => {
  test.each([
    ['hook', 'all', [{ a: 1, bearerToken: 'the callers' }]],
    ['wrapper', 'ping', { statusCode: 200 }],
    ['setting', 'save', 'saved'],
    ['utility', 'tool', 'used'],
    ['installer', 'step', 'done'],
  ])('a %s', async (type, name, result) => {
    const reply = await ask({ type, function: name, options: { a: 1, bearerToken: 'the callers' } });
    expect([reply.status, reply.body]).toEqual([200, result]);
  });

  test('a function of the module itself, with the module as `this`', async () => {
    const reply = await client('POST', '/function', { diy: true, function: 'say', options: { value: 'ö' } });
    expect([reply.status, reply.body]).toEqual([200, 'flat ö']);
  });

  test('the dates of an export are dates', async () => {
    const [last, current] = ['2019-01-01T00:00:00.000Z', '2020-02-29T00:00:00.000Z'];
    const options = { lastExportDateTime: last, currentExportDateTime: current };
    expect((await ask({ type: 'hook', function: 'dates', options })).body).toEqual([true, current]);
  });

  test('four megabytes of options', async () => {
    const value = 'ä'.repeat(2_000_000);
    expect((await ask({ type: 'hook', function: 'echo', options: { value } })).body).toBe(value);
  });

  test("nothing of one of the caller's integrations is seen by another", async () => {
    const count = async (_integrationId: string) =>
      (await ask({ type: 'hook', function: 'count', options: { _integrationId } })).body;
    expect([await count('a'), await count('a'), await count('b')]).toEqual([1, 2, 1]);
  });

  test('no authority over this server', async () => {
    expect((await ask({ type: 'hook', function: 'own', options: { path: '/v1/integrations' } })).status).toBe(422);
    const server = createServer((_request, response) => response.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const path = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const reply = await ask({ type: 'hook', function: 'own', options: { path } });
    expect([reply.status, reply.body.errors[0].code]).toEqual([422, 'permission_denied']);
    expect((await client('GET', '/integrations')).body).toEqual([]);
  });
});

test.each([
  ['no function', { type: 'hook' }, 'missing_required_field'],
  ['a function that is none', { type: 'hook', function: 5 }, 'invalid_field'],
  ['no options', { type: 'hook', function: 'all', options: undefined }, 'missing_required_field'],
  ['neither diy nor a connector', { type: 'hook', function: 'all', _connectorId: undefined }, 'missing_required_field'],
  ['a connector that nobody has', { type: 'hook', function: 'all', _connectorId: '0'.repeat(24) }, 'invalid_field'],
  ['no such section', { type: 'magic', function: 'all' }, 'object_not_found'],
  ['no such function', { type: 'hook', function: 'nothing' }, 'invalid_function'],
  ['an inherited function', { type: 'hook', function: 'toString' }, 'invalid_function'],
  ['what is no function', { function: 'flat' }, 'invalid_function'],
  ['an error of its own', { type: 'hook', function: 'fails' }, 'my_error'],
  ['an answer that is not JSON', { type: 'hook', function: 'aDate' }, 'invalid_extension_response'],
  [
    'an answer that is too large',
    { type: 'hook', function: 'echo', options: { value: ['abc'] }, maxResponseSize: 2 },
    'response_size_exceeded',
  ],
])('%s', async (_name, body, code) => {
  const reply = await ask(body);
  expect([reply.status, reply.body.errors.map((error: { code: string }) => error.code)]).toEqual([422, [code]]);
  expect(Object.keys(reply.body.errors[0])).toEqual(['code', 'message']);
});

test('everything that is missing is told at once', async () => {
  const { body } = await client('POST', '/function', {});
  expect(body.errors).toHaveLength(3);
});

test('a caller that goes away ends the run', async () => {
  const _connectorId = await connectorIdOf(client, 'sections');
  const gone = new AbortController();
  const url = `${shared().runtime.url}/function`;
  const headers = { authorization: 'Bearer the-tests-token', 'content-type': 'application/json' };
  const body = JSON.stringify({ _connectorId, type: 'hook', function: 'waits', options: {} });
  const asked = fetch(url, { method: 'POST', headers, body, signal: gone.signal }).catch(({ name }) => name);
  const inFlight = async (): Promise<string | undefined> =>
    /^bulkhead_runs_in_flight (\d+)$/m.exec((await client('GET', '/metrics')).text)?.[1];
  await expect.poll(inFlight).toBe('1');
  gone.abort();
  expect(await asked).toBe('AbortError');
  await expect.poll(inFlight).toBe('0');
});
