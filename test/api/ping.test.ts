/** `ping` of stored and unsaved connections, templates, and connections of the type `rest`. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../support/client.ts';
import { connectorIdOf, serveForAll } from '../support/runtime.ts';

const CODE = `exports.settings = {
  async make(connection) { return (await (await fetch('/v1/connections', { method: 'POST', body: JSON.stringify(connection.record) })).json()); },
  async proxy({ id, headers, body }) {
    const reply = await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers, body });
    return { status: reply.status, text: await reply.text() };
  },
};`;

let url = '';
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}
let asked: Asked | undefined;
const application = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  asked = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
  response.writeHead(request.url?.includes('fails') ? 418 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ url: request.url }));
});
beforeAll(async () => {
  application.listen(0, '127.0.0.1');
  await once(application, 'listening');
  url = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
});
afterAll(() => void application.close().closeAllConnections());

const shared = serveForAll(
  () => ({ one: { code: CODE, connector: { permissions: { fetch: [url] } } }, two: { code: CODE } }),
  { allowPrivateNetwork: '127.0.0.1' },
);

const client: Client = (...request) => shared().client(...request);
const KEY = 'k&y "quoted" <ä>';

async function connection(fields: Record<string, unknown>): Promise<string> {
  const { body } = await client('POST', '/integrations', { name: 'n' });
  const reply = await client('POST', '/connections', { name: 'c', _integrationId: body._id, ...fields });
  expect(reply.status, reply.text).toBe(201);
  return reply.body._id;
}

const http = (fields: Record<string, unknown>) => ({
  http: { baseURI: `${url}/base`, encrypted: { key: KEY }, ...fields },
});
const TEMPLATE = '{{connection.http.encrypted.key}}';

describe('a connection that is not saved', () => {
  test('is tested as it is, and nothing is stored', async () => {
    const before = (await client('GET', '/connections')).body;
    const reply = await client('POST', '/connections/ping', http({ ping: { relativeURI: '/me' } }));
    expect(reply.body).toEqual({ success: true, status: 200, answer: '{"url":"/base/me"}' });
    const failed = await client('POST', '/connections/ping', http({ ping: { relativeURI: `/fails?key=${TEMPLATE}` } }));
    expect(failed.body).toEqual({ success: false, status: 418, answer: '{"url":"/base/fails?key=******"}' });
    expect((await client('GET', '/connections')).body).toEqual(before);
  });

  test('masks stand for the credentials of the stored one, and only at the same address', async () => {
    const id = await connection(http({ ping: { relativeURI: `/me?key=${TEMPLATE}` } }));
    const { body: stored } = await client('GET', `/connections/${id}`);
    expect(stored.http.encrypted.key).toBe('******');
    expect((await client('POST', '/connections/ping', stored)).body.success).toBe(true);
    expect(new URL(`${url}${asked?.url}`).searchParams.get('key')).toBe(KEY);
    const moved = { ...stored, http: { ...stored.http, baseURI: 'http://127.0.0.1:1' } };
    expect((await client('POST', '/connections/ping', moved)).status).toBe(422);
    const { _id, ...unnamed } = stored;
    expect((await client('POST', '/connections/ping', unnamed)).status).toBe(422);
  });

  test.each([
    ['no address', { http: {} }, 422],
    ['an id that is none', { _id: 'x', ...http({}) }, 404],
    ['an id that nothing has', { _id: '0'.repeat(24), ...http({}) }, 404],
    ['a type that is none', { http: { baseURI: 'http://127.0.0.1', auth: { type: 'magic' } } }, 422],
    ['a list', [], 422],
  ])('%s is refused', async (_name, body, status) => {
    const reply = await client('POST', '/connections/ping', body);
    expect([reply.status, reply.body.errors.length]).toEqual([status, 1]);
  });
});

describe('templates', () => {
  test.each([
    ['JSON', 'application/json', `{"key":"${TEMPLATE}"}`, (body: string) => JSON.parse(body).key],
    [
      'a form',
      'application/x-www-form-urlencoded',
      `a=1&key=${TEMPLATE}`,
      (body: string) => new URLSearchParams(body).get('key'),
    ],
    ['a text', 'text/plain', `key: ${TEMPLATE}`, (body: string) => body.slice('key: '.length)],
    [
      'XML',
      'text/xml',
      `<k>${TEMPLATE}</k>`,
      (body: string) =>
        body
          .slice(3, -4)
          .replaceAll('&amp;', '&')
          .replaceAll('&quot;', '"')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>'),
    ],
  ])('in %s a value is written as it has to be', async (_name, type, body, keyIn) => {
    const id = await connection(http({}));
    const headers = { 'integrator-method': 'POST', 'integrator-relative-uri': '/orders', 'content-type': type };
    expect((await client('POST', `/connections/${id}/proxy`, body, headers)).status).toBe(200);
    expect(keyIn(asked?.body ?? '')).toBe(KEY);
  });

  test('what is no template of the connection stays as it is, whatever else the body has', async () => {
    const id = await connection(http({}));
    const body = `${'x'.repeat(300_000)}${TEMPLATE}{{name}} {{#if}} {{{x}}} {{connection`;
    const headers = { 'integrator-method': 'POST', 'content-type': 'text/plain' };
    await client('POST', `/connections/${id}/proxy`, body, headers);
    expect(asked?.body).toBe(body.replace(TEMPLATE, KEY));
    const open = await client('POST', `/connections/${id}/proxy`, '{{connection.http', headers);
    expect([open.status, open.body.errors[0].field]).toEqual([422, 'body']);
    const many = await client('POST', `/connections/${id}/proxy`, TEMPLATE.repeat(101), headers);
    expect([many.status, many.body.errors[0].field]).toEqual([422, 'body']);
  });

  test('a credential that is too short to be recognized in the answer is not sent in a body', async () => {
    const id = await connection({ http: { baseURI: url, encrypted: { key: 'abc' } } });
    const headers = { 'integrator-method': 'POST', 'content-type': 'text/plain' };
    const reply = await client('POST', `/connections/${id}/proxy`, TEMPLATE, headers);
    expect([reply.status, reply.body.errors[0].field]).toEqual([422, 'body']);
  });

  test('a run that passes on the texts of others sends no credential with them, unless it says so', async () => {
    const connectorId = await connectorIdOf(client, 'one');
    const { body: installed } = await client('POST', `/integrations/${connectorId}/install`, {});
    const record = { name: 'c', _integrationId: installed._id, ...http({}) };
    const { body: stored } = await client('POST', '/connections', record);
    const ask = (headers: Record<string, string>) =>
      client('PUT', `/integrations/${installed._id}/settings/proxy`, {
        id: stored._id,
        headers: { 'integrator-method': 'POST', 'content-type': 'text/plain', ...headers },
        body: TEMPLATE,
      });
    expect((await ask({})).body.status).toBe(200);
    expect(asked?.body).toBe(TEMPLATE);
    expect((await ask({ 'integrator-templates': 'true' })).body.status).toBe(200);
    expect(asked?.body).toBe(KEY);
  });
});

describe('rest', () => {
  test.each([
    ['token', { bearerToken: 'rest-token' }, 'authorization', 'Bearer rest-token'],
    ['token', { bearerToken: 'rest-token', scheme: 'MAC', authHeader: 'X-Auth' }, 'x-auth', 'MAC rest-token'],
    [
      'basic',
      { basicAuth: { username: 'ada', password: 'rest-secret' } },
      'authorization',
      `Basic ${btoa('ada:rest-secret')}`,
    ],
    [
      'custom',
      { encrypted: { key: 'rest-key' }, headers: [{ name: 'X-Key', value: '{{connection.rest.encrypted.key}}' }] },
      'x-key',
      'rest-key',
    ],
  ])('%s: %j', async (authType, fields, header, value) => {
    const id = await connection({
      type: 'rest',
      rest: { baseURI: `${url}/rest`, authType, pingRelativeURI: '/me', ...fields },
    });
    expect((await client('GET', `/connections/${id}/ping`)).body).toEqual({ success: true, status: 200 });
    expect([asked?.url, asked?.headers[header]]).toEqual(['/rest/me', value]);
    const { text } = await client('GET', `/connections/${id}`);
    for (const secret of ['rest-token', 'rest-secret', 'rest-key']) expect(text).not.toContain(secret);
  });

  test('a token in the query', async () => {
    const rest = {
      baseURI: url,
      authType: 'token',
      bearerToken: 'rest-token',
      tokenLocation: 'url',
      tokenParam: 'key',
    };
    const id = await connection({ type: 'rest', rest });
    expect((await client('GET', `/connections/${id}/ping`)).body.success).toBe(true);
    expect(asked?.url).toBe('/?key=rest-token');
  });
});

describe('a ping that does more than read', () => {
  const ping = { method: 'POST', relativeURI: '/login', body: `{"key":"${TEMPLATE}"}` };

  test('is sent with its body', async () => {
    const id = await connection(http({ ping }));
    expect((await client('GET', `/connections/${id}/ping`)).body.success).toBe(true);
    expect([asked?.method, asked?.url, JSON.parse(asked?.body ?? '')]).toEqual(['POST', '/base/login', { key: KEY }]);
  });

  test.each([
    ['one', 200],
    ['two', 403],
  ])('needs the permission of the connector that wrote it: %s', async (name, status) => {
    const { body: installed } = await client('POST', `/integrations/${await connectorIdOf(client, name)}/install`, {});
    const record = { name: 'c', ...http({ ping, encrypted: { key: 'its own key' } }) };
    const { body: made } = await client('PUT', `/integrations/${installed._id}/settings/make`, { record });
    asked = undefined;
    expect((await client('GET', `/connections/${made._id}/ping`)).status).toBe(status);
    expect(asked === undefined).toBe(status === 403);
  });
});
