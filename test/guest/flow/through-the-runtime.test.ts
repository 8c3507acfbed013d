/** Requests of the flow engine through a real server: a run of a connector makes them, with its own authority. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Ask, createSandbox, defaultLimits, fixedAsk, type Sandbox } from '../../../sandbox/index.ts';
import { installed, serveForAll } from '../../support/runtime.ts';
import { limits } from './rig.ts';

const SECRET = 'a-secret-of-the-shop';
let origin: string;
let answer = { status: 200, body: '[{"id":1}]' };
/** In place of a status. */
const HANGS_UP = 0;
const asked: { url: string; body: string; key: unknown; token: unknown }[] = [];

beforeAll(async () => {
  const server = createServer(async (request, response) => {
    const { 'idempotency-key': key, authorization: token } = request.headers;
    asked.push({ url: request.url ?? '', body: await textOf(request), key, token });
    if (answer.status === HANGS_UP) request.socket.destroy();
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return () => void server.close();
});

const CODE = `exports.settings = {
  async relay({ url, method, headers, body }) {
    const response = await fetch(url, { method, headers, body });
    return { url, status: response.status, statusText: '', headers: [...response.headers], body: await response.text() };
  },
};`;
const served = serveForAll(() => ({ one: { code: CODE, connector: { permissions: { fetch: [origin] } } } }), {
  allowPrivateNetwork: '127.0.0.1',
});

let sandbox: Sandbox;
let connectionId: string;
let call: (engine: 'generate' | 'process', argument: object) => Promise<unknown>;
beforeAll(() => {
  sandbox = createSandbox({ prewarmed: false, threads: 1 });
});
afterAll(() => sandbox.close());

beforeEach(async () => {
  const { client } = served();
  const integrationId = await installed(client, 'one');
  const http = {
    baseURI: `${origin}/api`,
    auth: { type: 'token', token: { token: SECRET } },
    encrypted: { key: SECRET },
  };
  connectionId = (await client('POST', '/connections', { _integrationId: integrationId, name: 'c', http })).body._id;
  asked.length = 0;
  answer = { status: 200, body: '[{"id":1}]' };
  const ask: Ask = {
    ...fixedAsk('{"value":null}'),
    async fetch(request) {
      const { status, body } = await client(
        'PUT',
        `/integrations/${integrationId}/settings/relay`,
        JSON.parse(request),
      );
      expect(status).toBe(200);
      return JSON.stringify({ value: body });
    },
  };
  call = async (engine, argument) => {
    const connection = (await client('GET', `/connections/${connectionId}`)).body;
    const context = {
      _integrationId: integrationId,
      bearerToken: 't',
      connections: { [connectionId]: connection },
      limits,
    };
    const code = 'exports.hooks = {}';
    const bundle = { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'commonjs', code } as const;
    const outcome = await sandbox.run(
      {
        runId: `run of ${integrationId}`,
        bundle,
        integrationId,
        call: { engine, argument: JSON.stringify({ ...context, ...argument }) },
        limits: defaultLimits,
      },
      ask,
    );
    return outcome.status === 'answered' ? JSON.parse(outcome.result) : outcome;
  };
});

const generate = (http: object, id = connectionId) =>
  call('generate', {
    export: { _id: 'e1', _connectionId: id, http, name: '{{connection.http.encrypted.key}}' },
    pageIndex: 0,
    currentExportDateTime: '2026-11-30T12:00:00.000Z',
  });

test('credentials are sent, and the values that the template names, but none that data names', async () => {
  const body = '{"key":"{{connection.http.encrypted.key}}","name":"{{export.name}}"}';
  const relativeURI = '/items/köln?key={{connection.http.encrypted.key}}&name={{{export.name}}}';
  expect(await generate({ relativeURI, method: 'POST', body })).toMatchObject({ data: [{ id: 1 }] });
  const [request] = asked;
  const url = new URL(request?.url ?? '', origin);
  expect([url.pathname, request?.token]).toEqual(['/api/items/k%C3%B6ln', `Bearer ${SECRET}`]);
  expect(Object.fromEntries(url.searchParams)).toEqual({ key: SECRET, name: '{{connection.http.encrypted.key}}' });
  expect(JSON.parse(request?.body ?? '')).toEqual({ key: SECRET, name: '{{connection.http.encrypted.key}}' });
});

test('an import sends its key', async () => {
  const record = { _id: 'm1', _connectionId: connectionId, http: { relativeURI: '/things', method: 'POST' } };
  const processors = [{ type: 'import', record }];
  const page = {
    data: [{ n: '{{connection.http.encrypted.key}}' }],
    pageIndex: 0,
    firstProcessor: 0,
    idempotencyPrefix: 'p',
  };
  expect(await call('process', { ...page, processors })).toMatchObject({ steps: [{ numSuccess: 1 }] });
  expect(asked).toMatchObject([
    { url: '/api/things', body: '{"n":"{{connection.http.encrypted.key}}"}', key: expect.stringMatching(/^\w{64}$/) },
  ]);
});

test('an address outside the base URI is reached by its path', async () => {
  const next = `${origin}/other/items?page=2`;
  answer = { status: 200, body: JSON.stringify({ items: [{ id: 1 }], next }) };
  const http = { relativeURI: '/items', response: { resourcePath: 'items' }, paging: { method: 'url', path: 'next' } };
  const { state } = (await generate(http)) as { state: unknown };
  const record = { _id: 'e1', _connectionId: connectionId, http };
  await call('generate', { export: record, pageIndex: 1, currentExportDateTime: '2026-11-30T12:00:00.000Z', state });
  expect(asked.map(({ url }) => url)).toEqual(['/api/items', '/other/items?page=2']);
});

test('an answer of the application is told from an error of the runtime', async () => {
  answer = { status: 404, body: '{"errors":[{"code":"not_found","message":"mine"}]}' };
  expect(await generate({ relativeURI: '/' })).toMatchObject({
    code: 'request_failed',
    message: expect.stringContaining('status 404'),
  });
  answer = { status: 401, body: '' };
  expect(await generate({ relativeURI: '/' })).toMatchObject({ offline: { _connectionId: connectionId } });
  const { client } = served();
  await client('DELETE', `/connections/${connectionId}`);
  asked.length = 0;
  const gone = { [connectionId]: { _id: connectionId, http: { baseURI: origin } } };
  const record = { _id: 'm1', _connectionId: connectionId, http: { relativeURI: '/', method: 'POST' } };
  const page = { data: [{}], pageIndex: 0, firstProcessor: 0, idempotencyPrefix: 'p', connections: gone };
  // Not an error of the record: no record could be sent.
  expect(await call('process', { ...page, processors: [{ type: 'import', record }] })).toMatchObject({
    status: 'failed',
    code: 'request_failed',
    message: expect.stringContaining('not_found'),
  });
  expect(asked).toEqual([]);
});

test('an application that does not answer is asked again later; one that the manifest does not name, never', async () => {
  answer = { status: HANGS_UP, body: '' };
  expect(await generate({ relativeURI: '/' })).toMatchObject({ pause: { code: 'request_failed' } });
  const { client } = served();
  const { body } = await client('GET', `/connections/${connectionId}`);
  await client('PUT', `/connections/${connectionId}`, { ...body, http: { baseURI: 'http://127.0.0.1:1' } });
  expect(await generate({ relativeURI: '/' })).toMatchObject({
    code: 'request_failed',
    message: expect.stringContaining('permission_denied'),
  });
});
