/** Requests with a connection's credentials, against a real server (contract 8). */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, errorsOf, type Reply } from '../support/client.ts';
import { installed, serve } from '../support/runtime.ts';

let application: Server;
let origin: string;
/** What the application was asked last. */
let asked: { method?: string | undefined; url?: string | undefined; headers: IncomingMessage['headers']; body: string };

beforeAll(async () => {
  application = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    asked = { method: request.method, url: request.url, headers: request.headers, body };
    if (request.url?.includes('/echo')) {
      response.setHeader('x-echo', request.headers.authorization ?? '');
      return response.end(JSON.stringify(request.headers));
    }
    if (request.url?.includes('/bytes')) return response.end(Buffer.from([0xff, 0, 0xfe]));
    if (request.url?.includes('/reset')) return request.socket.destroy();
    response.statusCode = request.headers.authorization === 'Bearer right-secret' ? 200 : 401;
    response.setHeader('x-request-id', 'theirs');
    response.setHeader('set-cookie', 'a=b');
    response.end('{"their":"answer"}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => application.once('listening', resolve));
  origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
});
afterAll(() => void application.close());

const CODE = `exports.settings = {
  async proxy({ id, headers }) {
    const response = await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers });
    return [response.status, await response.text()];
  },
  async steal({ id, url }) {
    const path = '/v1/connections/' + id;
    const connection = await (await fetch(path)).json();
    connection.http.baseURI = url;
    const put = await fetch(path, { method: 'PUT', body: JSON.stringify(connection) });
    return [put.status, await put.json()];
  },
};`;
let client: Client;
let integrationId: string;
beforeEach(async () => {
  const connector = { permissions: { fetch: [origin] } };
  const served = await serve(
    { one: { code: CODE, connector }, none: { code: CODE } },
    { allowPrivateNetwork: '127.0.0.1' },
  );
  client = served.client;
  integrationId = await installed(client, 'one');
});

async function connection(http: object, at = integrationId): Promise<string> {
  const body = { _integrationId: at, name: 'c', http: { baseURI: `${origin}/base/`, ...http } };
  return (await client('POST', '/connections', body)).body._id;
}
const proxy = (id: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> =>
  client('POST', `/connections/${id}/proxy`, body, headers);

describe('proxy', () => {
  test.each<[string, object, string, string]>([
    [
      'basic',
      { auth: { type: 'basic', basic: { username: 'zoë', password: 'secret!' } } },
      'authorization',
      `Basic ${btoa('zo\xc3\xab:secret!')}`,
    ],
    ['token', { auth: { type: 'token', token: { token: 'abc-secret' } } }, 'authorization', 'Bearer abc-secret'],
    [
      'token in a header of its own',
      { auth: { type: 'token', token: { token: 'abc-secret', headerName: 'X-Key', scheme: '' } } },
      'x-key',
      'abc-secret',
    ],
    [
      'a header that names a credential',
      {
        encrypted: { key: 'abc<&secret' },
        headers: [{ name: 'X-Api', value: 'key {{connection.http.encrypted.key}}' }],
      },
      'x-api',
      'key abc<&secret',
    ],
  ])('%s: fills the credentials in', async (_what, http, name, value) => {
    const id = await connection(http);
    const headers = {
      'integrator-method': 'post',
      'integrator-relative-uri': '/orders?a=1',
      'content-type': 'text/csv',
    };
    await proxy(id, headers, 'größe;1');
    expect(asked).toMatchObject({ method: 'POST', url: '/base/orders?a=1', body: 'größe;1' });
    expect(asked.headers).toMatchObject({ [name]: value, 'content-type': 'text/csv' });
    expect(JSON.stringify(asked.headers)).not.toContain('the-tests-token');
  });

  test('a token in the query', async () => {
    const token = { token: 'abc-secret', location: 'url', paramName: 'key' };
    await proxy(await connection({ auth: { type: 'token', token } }), { 'integrator-relative-uri': '?a=1' });
    expect(asked.url).toBe('/base?a=1&key=abc-secret');
  });

  test("passes on the application's answer, and not what is about its connection", async () => {
    const reply = await proxy(await connection({}));
    expect([reply.status, reply.text]).toEqual([401, '{"their":"answer"}']);
    expect(reply.headers.get('x-request-id')).not.toBe('theirs');
    expect(reply.headers.get('set-cookie')).toBeNull();
    const bytes = await fetch(`${await base()}/connections/${await connection({})}/proxy`, {
      method: 'POST',
      headers: { authorization: 'Bearer the-tests-token', 'integrator-relative-uri': '/bytes' },
    });
    expect([...new Uint8Array(await bytes.arrayBuffer())]).toEqual([0xff, 0, 0xfe]);
  });

  test('an application that echoes its request tells nobody the credentials', async () => {
    const auth = { type: 'basic', basic: { username: 'somebody', password: 'pass-secret' } };
    const id = await connection({
      auth,
      encrypted: { key: 'key-secret' },
      headers: [{ name: 'k', value: '{{connection.http.encrypted.key}}' }],
    });
    const reply = await proxy(id, { 'integrator-relative-uri': '/echo' });
    expect(reply.status).toBe(200);
    const all = reply.text + JSON.stringify([...reply.headers]);
    for (const secret of ['pass-secret', 'key-secret', btoa('somebody:pass-secret')]) expect(all).not.toContain(secret);
    expect(all).toContain('******');
  });

  test.each<[string, object, Record<string, string>, [number, string, string?]]>([
    ['no address', { baseURI: undefined }, {}, [422, 'invalid_field', 'http.baseURI']],
    ['another scheme', { baseURI: 'file:///etc/passwd' }, {}, [422, 'invalid_field', 'http.baseURI']],
    ['an unknown method', {}, { 'integrator-method': 'CONNECT' }, [422, 'invalid_field', 'Integrator-Method']],
    [
      'a template that is none',
      { headers: [{ name: 'a', value: '{{#x}}' }] },
      {},
      [422, 'invalid_field', 'http.headers'],
    ],
    ['an application that hangs up', {}, { 'integrator-relative-uri': '/reset' }, [502, 'connection_failed']],
    ['an address that is closed', { baseURI: 'http://10.1.2.3' }, {}, [403, 'permission_denied']],
  ])('%s is an error of its own', async (_what, http, headers, expected) => {
    const reply = await proxy(await connection(http), headers);
    expect([reply.status, ...(errorsOf(reply)[0] ?? [])]).toEqual(expected);
  });

  test('a relative URI stays where the connection leads', async () => {
    const id = await connection({ baseURI: origin });
    for (const uri of ['@example.com', '//example.com/x', 'https://example.com/', '\\\\example.com', '.example.com']) {
      await proxy(id, { 'integrator-relative-uri': uri });
      expect(asked.headers.host, uri).toBe(new URL(origin).host);
    }
  });
});

async function base(): Promise<string> {
  const reply = await client('POST', '/integrations', { name: 'x' });
  return (reply.headers.get('location') as string).split('/v1')[0] as string;
}

test('ping says whether the other side answers, and the tile what does not', async () => {
  const good = await connection({ auth: { type: 'token', token: { token: 'wrong-secret' } } });
  expect((await client('GET', `/connections/${good}/ping`)).body).toEqual({ success: false, status: 401 });
  const down = await connection({ baseURI: 'http://127.0.0.1:1' });
  const reply = await client('GET', `/connections/${down}/ping`);
  expect(reply.body).toMatchObject({ success: false, errors: [{ code: 'connection_failed' }] });
  expect((await client('GET', '/tiles')).body[0].offlineConnections.sort()).toEqual([good, down].sort());
  const echo = await connection({ ping: { relativeURI: '/echo' } });
  expect((await client('GET', `/connections/${echo}/ping`)).body).toEqual({ success: true, status: 200 });
  expect(asked.url).toBe('/base/echo');
});

describe('a run', () => {
  const http = { auth: { type: 'token', token: { token: 'abc-secret' } } };

  test('uses the credentials without seeing them, where its manifest lets it', async () => {
    const id = await connection(http);
    const reply = await client('PUT', `/integrations/${integrationId}/settings/proxy`, {
      id,
      headers: { 'Integrator-Relative-URI': '/echo' },
    });
    expect(reply.body[0]).toBe(200);
    expect(asked.headers.authorization).toBe('Bearer abc-secret');
    expect(reply.text).not.toContain('abc-secret');
  });

  test('does not, where its manifest does not name the origin', async () => {
    const other = await installed(client, 'none');
    const id = await connection(http, other);
    const reply = await client('PUT', `/integrations/${other}/settings/proxy`, { id });
    expect(reply.body[0]).toBe(403);
  });

  test('cannot have them sent elsewhere', async () => {
    const id = await connection(http);
    const reply = await client('PUT', `/integrations/${integrationId}/settings/steal`, {
      id,
      url: 'https://evil.example',
    });
    expect(reply.body[0]).toBe(422);
    expect(reply.body[1].errors[0]).toMatchObject({ code: 'invalid_field', field: 'http.auth.type' });
    const same = await client('PUT', `/integrations/${integrationId}/settings/steal`, { id, url: `${origin}/v2` });
    expect(same.body[0]).toBe(200);
  });

  test("reaches no other integration's connection", async () => {
    const other = await connection(http, await installed(client, 'one'));
    expect((await client('PUT', `/integrations/${integrationId}/settings/proxy`, { id: other })).body[0]).toBe(403);
  });
});
