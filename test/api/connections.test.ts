/** Requests with a connection's credentials, against a real server (contract 8). */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, errorsOf, type Reply } from '../support/client.ts';
import { rawServer } from '../support/outbound.ts';
import { installed, serveForAll } from '../support/runtime.ts';

let application: Server;
let origin: string;
/** Another application that the manifest names. */
let other: Server;
let elsewhere: string;
const askedElsewhere: IncomingMessage['headers'][] = [];
/** The last request to the application. */
let asked: { method?: string | undefined; url?: string | undefined; headers: IncomingMessage['headers']; body: string };

beforeAll(async () => {
  application = createServer(async (request, response) => {
    const raw = await buffer(request);
    const body = raw.toString();
    asked = { method: request.method, url: request.url, headers: request.headers, body };
    if (request.url?.includes('/echo')) {
      response.setHeader('x-echo', request.headers.authorization ?? '');
      return response.end(JSON.stringify(request.headers));
    }
    if (request.url?.includes('/repeat'))
      return response.end(Buffer.concat([raw, Buffer.from(JSON.stringify(request.headers))]));
    if (request.url?.endsWith('/hang')) {
      request.socket.on('close', hanging.close);
      return hanging.come();
    }
    if (request.url?.includes('/after-hang')) {
      await hanging.hasCome;
      return response.end();
    }
    if (request.url?.includes('/away')) return response.writeHead(307, { location: `${elsewhere}/` }).end();
    if (request.url?.includes('/base64')) {
      return response.end(Buffer.from(JSON.stringify(request.headers)).toString('base64'));
    }
    if (request.url?.includes('/own-headers')) {
      response.setHeader('access-control-allow-origin', '*').setHeader('clear-site-data', '"*"');
      response.setHeader('alt-svc', 'h3=":1"').setHeader('x-theirs', 'kept');
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
  elsewhere = await new Promise((resolve) => {
    other = createServer((request, response) => {
      askedElsewhere.push(request.headers);
      response.end('elsewhere');
    }).listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(other.address() as AddressInfo).port}`));
  });
});
afterAll(() => {
  application.close();
  other.close();
});

/** The application never answers this request. */
const hanging = (() => {
  const { promise: hasCome, resolve: come } = Promise.withResolvers<void>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  return { hasCome, come, closed, close: () => close() };
})();

const CODE = `exports.settings = {
  async proxy({ id, headers }) {
    const response = await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers });
    return [response.status, await response.text()];
  },
  async leaves({ id }) {
    const proxy = (uri) => fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers: { 'Integrator-Relative-URI': uri } });
    proxy('/hang').catch(() => {});
    return (await proxy('/after-hang')).status;
  },
  async bytes({ id, headers, body }) {
    const response = await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers, body: body && new Uint8Array(body) });
    return [...await response.bytes()];
  },
  async steal({ id, url }) {
    const path = '/v1/connections/' + id;
    const connection = await (await fetch(path)).json();
    connection.http.baseURI = url;
    const put = await fetch(path, { method: 'PUT', body: JSON.stringify(connection) });
    return [put.status, await put.json()];
  },
};`;
const served = serveForAll(
  () => ({ one: { code: CODE, connector: { permissions: { fetch: [origin, elsewhere] } } }, none: { code: CODE } }),
  { allowPrivateNetwork: '127.0.0.1' },
);
let client: Client;
let integrationId: string;
beforeEach(async () => {
  client = served().client;
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

  test("passes on the application's answer without its hop-by-hop headers", async () => {
    const reply = await proxy(await connection({}));
    expect([reply.status, reply.text]).toEqual([401, '{"their":"answer"}']);
    expect(reply.headers.get('x-request-id')).not.toBe('theirs');
    expect(reply.headers.get('set-cookie')).toBeNull();
    const bytes = await fetch(`${served().runtime.url}/connections/${await connection({})}/proxy`, {
      method: 'POST',
      headers: { authorization: 'Bearer the-tests-token', 'integrator-relative-uri': '/bytes' },
    });
    expect([...new Uint8Array(await bytes.arrayBuffer())]).toEqual([0xff, 0, 0xfe]);
  });

  test('an application that echoes its request does not reveal the credentials', async () => {
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
  ])('%s has its own error', async (_what, http, headers, expected) => {
    const reply = await proxy(await connection(http), headers);
    expect([reply.status, ...(errorsOf(reply)[0] ?? [])]).toEqual(expected);
  });

  test('nor does one that echoes it in other encodings', async () => {
    const auth = { type: 'token', token: { token: 'a/"b\\c"-secret' } };
    const id = await connection({ auth });
    for (const [path, body] of [
      ['/echo', undefined],
      ['/base64', undefined],
      // Bytes that are no text, which the caller may send along.
      ['/repeat', new Uint8Array([0xff])],
    ] as const) {
      const reply = await fetch(`${served().runtime.url}/connections/${id}/proxy`, {
        method: 'POST',
        headers: {
          authorization: 'Bearer the-tests-token',
          'integrator-method': 'POST',
          'integrator-relative-uri': path,
        },
        ...(body ? { body } : {}),
      });
      const text = Buffer.from(await reply.arrayBuffer()).toString('latin1');
      expect(reply.status).toBe(200);
      expect(text, path).toContain('******');
      expect(text + Buffer.from(text, 'base64').toString('latin1'), path).not.toMatch(/b\\+c/);
      expect(JSON.stringify([...reply.headers])).not.toContain('secret');
    }
  });

  test('how credentials are sent is not redacted from answers', async () => {
    const token = { token: 'abc-secret', scheme: 'Bearer', location: 'header', headerName: 'authorization' };
    const id = await connection({
      auth: { type: 'token', token },
      headers: [{ name: 'x-headers', value: 'a header' }],
    });
    const { text } = await proxy(id, { 'integrator-relative-uri': '/echo' });
    expect(text).toContain('"authorization":"Bearer ******"');
    expect(text).toContain('"x-headers":"a header"');
    expect((await client('GET', `/connections/${id}`)).body.http.auth).toEqual({
      type: 'token',
      token: { ...token, token: '******' },
    });
  });

  test("headers about the application's own origin are not passed on", async () => {
    const { headers } = await proxy(await connection({}), { 'integrator-relative-uri': '/own-headers' });
    expect(headers.get('x-theirs')).toBe('kept');
    for (const name of ['access-control-allow-origin', 'clear-site-data', 'alt-svc'])
      expect(headers.has(name)).toBe(false);
  });

  test.each([
    ['a part of a value', '{{connection.http.auth.token.token.0}}'],
    ['a length', '{{connection.http.auth.token.token.length}}'],
    ['an inherited member', '{{connection.constructor.name}}'],
    ['nothing at all', '{{connection.http.nothing}}'],
    ['an object', '{{connection.http.auth}}'],
  ])('a template takes whole values only, not %s', async (_what, template) => {
    const auth = { type: 'token', token: { token: 'abc-secret' } };
    await proxy(await connection({ auth, headers: [{ name: 'x-got', value: `<${template}>` }] }));
    expect(asked.headers['x-got']).toBe('<>');
  });

  test.each([
    ['a loop', '{{#connection.http.list}}{{#connection.http.list}}x{{/connection.http.list}}{{/connection.http.list}}'],
    ['an inversion', '{{^connection.no}}x{{/connection.no}}'],
    ['a partial', '{{> connection.name}}'],
    ['another root', '{{name}}'],
    ['a very long one', 'x'.repeat(20_000)],
  ])('%s in a template is refused at once', async (_what, value) => {
    const id = await connection({ list: Array(10_000).fill(0), headers: [{ name: 'a', value }] });
    expect(errorsOf(await proxy(id))).toEqual([['invalid_field', 'http.headers']]);
  });

  test('long runs of slashes and blanks block nobody', async () => {
    const startedAt = performance.now();
    const slashes = await connection({ baseURI: `${origin}/${'/'.repeat(200_000)}x` });
    expect(errorsOf(await proxy(slashes))).toEqual([['invalid_field', 'http.baseURI']]);
    const blanks = await connection({ headers: [{ name: 'a', value: `a${' '.repeat(15_000)}b` }] });
    expect((await proxy(blanks)).status).not.toBe(200);
    expect(
      (await proxy(await connection({ baseURI: `${origin}////` }), { 'integrator-relative-uri': '///echo' })).status,
    ).toBe(200);
    expect(asked.url).toBe('/echo');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test.each(['http://somebody:word@127.0.0.1', 'http://*.shop.example'])(
    '%s is not an address for credentials',
    async (baseURI) => {
      expect(errorsOf(await proxy(await connection({ baseURI })))).toEqual([['invalid_field', 'http.baseURI']]);
    },
  );

  test('a client that disconnects aborts the request', async () => {
    const { promise: hasAsked, resolve: onAsked } = Promise.withResolvers<void>();
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    const port = await rawServer((socket) => socket.once('data', () => onAsked()).on('close', () => onClosed()));
    const id = await connection({ baseURI: `http://127.0.0.1:${port}` });
    const leaving = new AbortController();
    const reply = fetch(`${served().runtime.url}/connections/${id}/proxy`, {
      method: 'POST',
      headers: { authorization: 'Bearer the-tests-token' },
      signal: leaving.signal,
    }).catch(({ name }) => name);
    await hasAsked;
    leaving.abort();
    expect(await reply).toBe('AbortError');
    await closed;
  });

  test("a relative URI stays within the connection's base", async () => {
    const id = await connection({ baseURI: origin });
    for (const uri of ['@example.com', '//example.com/x', 'https://example.com/', '\\\\example.com', '.example.com']) {
      await proxy(id, { 'integrator-relative-uri': uri });
      expect(asked.headers.host, uri).toBe(new URL(origin).host);
    }
  });
});

test('ping says whether the application answers, and the tile lists what is offline', async () => {
  const good = await connection({ auth: { type: 'token', token: { token: 'wrong-secret' } } });
  expect((await client('GET', `/connections/${good}/ping`)).body).toEqual({ success: false, status: 401 });
  const down = await connection({ baseURI: 'http://127.0.0.1:1' });
  const reply = await client('GET', `/connections/${down}/ping`);
  expect(reply.body).toMatchObject({ success: false, errors: [{ code: 'connection_failed' }] });
  const tiles = (await client('GET', '/tiles')).body;
  const tile = tiles.find(({ _integrationId }: { _integrationId: string }) => _integrationId === integrationId);
  expect(tile.offlineConnections.sort()).toEqual([good, down].sort());
  const echo = await connection({ ping: { relativeURI: '/echo' } });
  expect((await client('GET', `/connections/${echo}/ping`)).body).toEqual({ success: true, status: 200 });
  expect(asked.url).toBe('/base/echo');
});

describe('a run', () => {
  const http = { auth: { type: 'token', token: { token: 'abc-secret' } } };

  test('uses the credentials without seeing them, where its manifest permits', async () => {
    const id = await connection(http);
    const reply = await client('PUT', `/integrations/${integrationId}/settings/proxy`, {
      id,
      headers: { 'Integrator-Relative-URI': '/echo' },
    });
    expect(reply.body[0]).toBe(200);
    expect(asked.headers.authorization).toBe('Bearer abc-secret');
    expect(reply.text).not.toContain('abc-secret');
  });

  test('cannot use them where its manifest does not name the origin', async () => {
    const another = await installed(client, 'none');
    const id = await connection(http, another);
    const reply = await client('PUT', `/integrations/${another}/settings/proxy`, { id });
    expect(reply.body[0]).toBe(403);
  });

  test('cannot have them sent elsewhere', async () => {
    const id = await connection(http);
    const reply = await client('PUT', `/integrations/${integrationId}/settings/steal`, {
      id,
      url: 'https://evil.example',
    });
    expect(reply.body[0]).toBe(422);
    expect(reply.body[1].errors[0]).toMatchObject({ code: 'invalid_field', field: 'http.auth.token.token' });
    const same = await client('PUT', `/integrations/${integrationId}/settings/steal`, { id, url: `${origin}/v2` });
    expect(same.body[0]).toBe(200);
  });

  test("cannot reach another integration's connection", async () => {
    const another = await connection(http, await installed(client, 'one'));
    expect((await client('PUT', `/integrations/${integrationId}/settings/proxy`, { id: another })).body[0]).toBe(403);
  });

  test('cannot have them sent elsewhere by a redirect, whichever header holds them', async () => {
    const token = { token: 'abc-secret', headerName: 'X-Key', scheme: '' };
    const id = await connection({ auth: { type: 'token', token } });
    const call = (uri: string) =>
      client('PUT', `/integrations/${integrationId}/settings/proxy`, {
        id,
        headers: { 'Integrator-Relative-URI': uri },
      });
    expect((await call('/away')).body[0]).toBe(403);
    expect((await proxy(id, { 'integrator-relative-uri': '/away' })).status).toBe(403);
    expect(askedElsewhere).toEqual([]);
    // The control: without credentials, and where the connection leads there, it is reached.
    const there = await connection({ baseURI: elsewhere });
    expect((await proxy(there)).text).toBe('elsewhere');
    expect(askedElsewhere).toHaveLength(1);
  });

  test('gets a binary answer unchanged, and can send bytes', async () => {
    const id = await connection(http);
    const bytes = async (uri: string, body?: number[]): Promise<number[]> => {
      const headers = { 'Integrator-Relative-URI': uri, 'Integrator-Method': 'POST' };
      return (await client('PUT', `/integrations/${integrationId}/settings/bytes`, { id, headers, body })).body;
    };
    expect(await bytes('/bytes')).toEqual([0xff, 0, 0xfe]);
    const repeated = Buffer.from(await bytes('/repeat', [0xff, 0xfe, 0x80]));
    expect([...repeated.subarray(0, 3)]).toEqual([0xff, 0xfe, 0x80]);
    expect(repeated.toString('latin1')).toContain('Bearer ******');
  });

  test('that ends leaves no request open', async () => {
    const id = await connection(http);
    const reply = await client('PUT', `/integrations/${integrationId}/settings/leaves`, { id });
    expect(reply.body).toBe(200);
    await hanging.closed;
  });
});
