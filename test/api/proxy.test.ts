/** What the proxy passes on of a request. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { installed, serveForAll, TOKEN } from '../support/runtime.ts';

let origin: string;
let asked: { method?: string; url?: string; headers: IncomingHttpHeaders; body: Buffer };

beforeAll(async () => {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    asked = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(pieces),
    };
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  return () => void server.close();
});

const CODE = `exports.settings = {
  proxy: async ({ id, headers }) =>
    (await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers })).status,
};`;
const served = serveForAll(() => ({ one: { code: CODE, connector: { permissions: { fetch: [origin] } } } }), {
  allowPrivateNetwork: '127.0.0.1',
});

let id: string;
let integrationId: string;
beforeEach(async () => {
  const { client } = served();
  integrationId = await installed(client, 'one');
  const http = {
    baseURI: origin,
    auth: { type: 'token', token: { token: 'abc-secret', headerName: 'X-Key', scheme: '' } },
  };
  id = (await client('POST', '/connections', { _integrationId: integrationId, name: 'c', http })).body._id;
});

/** Sends headers unchanged, byte by byte. */
async function proxy(headers: Record<string, string>, body?: Buffer): Promise<number> {
  const sent = httpRequest(`${served().runtime.url}/connections/${id}/proxy`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'integrator-method': 'POST', ...headers },
  });
  sent.end(body);
  const [response] = await once(sent, 'response');
  await text(response);
  return response.statusCode;
}

describe('passes on', () => {
  test.each([
    ['a header of its own', 'x-shop', 'one'],
    ['a version', 'api-version', '2024-01'],
    ['a language', 'accept-language', 'de;q=0.9, en'],
    ['a range', 'range', 'bytes=0-9'],
    ['a condition', 'if-match', 'W/"1"'],
    ['a key for repeated requests', 'idempotency-key', '"k"'],
    ['a name of the client', 'user-agent', 'shop/1'],
    ['an override', 'x-http-method-override', 'PATCH'],
    ['bytes that are not ASCII', 'x-name', 'gr\xc3\xb6\xc3\x9fe'],
  ])('%s', async (_what, name, value) => {
    expect(await proxy({ [name]: value })).toBe(200);
    expect(asked.headers[name]).toBe(value);
  });

  test('an encoded body, with its Content-Encoding', async () => {
    const csv = Buffer.from('größe;1\n'.repeat(1_000));
    expect(await proxy({ 'content-type': 'text/csv', 'content-encoding': 'gzip' }, gzipSync(csv))).toBe(200);
    expect(asked.headers).toMatchObject({ 'content-type': 'text/csv', 'content-encoding': 'gzip' });
    expect(gunzipSync(asked.body).equals(csv)).toBe(true);
  });
});

describe('does not pass on', () => {
  test.each([
    ['credentials', 'cookie', 'session=1'],
    ['credentials for a proxy', 'proxy-authorization', 'Basic YTpi'],
    ["the runtime's method", 'integrator-method', 'PUT'],
    ["the runtime's address", 'integrator-relative-uri', '/a'],
    ['whatever is called like one of the runtime', 'integrator-else', 'x'],
    ['a run that somebody claims', 'bulkhead-run-id', 'x'],
    ['codings that the runtime could not read', 'accept-encoding', 'unheard-of'],
    ['what belongs to the hop', 'te', 'trailers'],
    ['how long the hop lasts', 'keep-alive', 'timeout=5'],
    ['a trace of its own', 'traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ])('%s', async (_what, name, value) => {
    expect(await proxy({ [name]: value, 'x-control': 'passed' })).toBe(200);
    expect(asked.headers['x-control']).toBe('passed');
    expect(asked.headers[name]).not.toBe(value);
  });

  test('headers that Connection names, and the token', async () => {
    await proxy({ connection: 'x-hop, X-Other', 'x-hop': '1', 'x-other': '2', 'x-third': '3' });
    expect(asked.headers).not.toHaveProperty('x-hop');
    expect(asked.headers).not.toHaveProperty('x-other');
    expect(asked.headers).toMatchObject({ 'x-third': '3', host: new URL(origin).host });
    expect(JSON.stringify(asked.headers)).not.toContain(TOKEN);
  });

  test("the connection's credential is not replaced by a header of the same name", async () => {
    await proxy({ 'x-key': 'mine' });
    expect(asked.headers['x-key']).toBe('abc-secret');
  });
});

test.each([
  ['raw UTF-8', Buffer.from('/größe?q=☕').toString('latin1'), '/gr%C3%B6%C3%9Fe?q=%E2%98%95'],
  ['the same, encoded by the client', '/gr%C3%B6%C3%9Fe?q=%E2%98%95', '/gr%C3%B6%C3%9Fe?q=%E2%98%95'],
  ['some of both', Buffer.from('/ö%20%C3%B6').toString('latin1'), '/%C3%B6%20%C3%B6'],
  ['bytes that are not UTF-8', '/caf\xe9', '/caf%C3%A9'],
])('%s in Integrator-Relative-URI is encoded once', async (_what, uri, expected) => {
  await proxy({ 'integrator-relative-uri': uri });
  expect(asked.url).toBe(expected);
});

test("a run's request is passed on without its token and without in-process headers", async () => {
  const headers = { 'integrator-relative-uri': '/größe', 'x-shop': 'one', 'integrator-method': 'GET' };
  const reply = await served().client('PUT', `/integrations/${integrationId}/settings/proxy`, { id, headers });
  expect(reply.body).toBe(200);
  expect(asked.url).toBe('/gr%C3%B6%C3%9Fe');
  expect(asked.headers).toMatchObject({ 'x-shop': 'one', 'x-key': 'abc-secret', 'user-agent': 'bulkhead' });
  expect(asked.headers).not.toHaveProperty('authorization');
});
