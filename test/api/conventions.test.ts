/** Contract 3, as a client sees it. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { createClient, errorsOf, type Reply } from '../support/client.ts';
import { serve, TOKEN } from '../support/runtime.ts';

const unknownId = '0123456789abcdef01234567';

test('every route stands at /v1 and at the root', async () => {
  const { client } = await serve();
  for (const prefix of ['', '/v1']) {
    for (const path of ['/integrations', '/connectors', '/tokenInfo', '/healthz', '/readyz']) {
      expect((await client('GET', prefix + path)).status, prefix + path).toBe(200);
    }
  }
  expect((await client('GET', '/v1/v1/integrations')).status).toBe(404);
  expect((await client('GET', '/v2/integrations')).status).toBe(404);
});

test('no token and a bad one are refused; the scheme is case-insensitive', async () => {
  const { client, runtime } = await serve();
  const anonymous = createClient(runtime.url, undefined);
  const authorizations = [
    undefined,
    'Bearer nope',
    `Basic ${TOKEN}`,
    'Bearer',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN} x`,
  ];
  for (const authorization of authorizations) {
    const reply = await anonymous('GET', '/integrations', undefined, authorization ? { authorization } : {});
    expect([reply.status, errorsOf(reply)], authorization).toEqual([401, [['unauthorized']]]);
    expect(reply.headers.get('www-authenticate')).toBe('Bearer');
  }
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    const reply = await client('GET', '/integrations', undefined, { authorization: `${scheme} ${TOKEN}` });
    expect(reply.status, scheme).toBe(200);
  }
  const near = [`x${TOKEN.slice(1)}`, `${TOKEN.slice(0, -1)}x`, TOKEN.toUpperCase(), TOKEN.slice(1)];
  for (const authorization of [...authorizations, '', ...near.map((token) => `BEARER ${token}`)]) {
    const headers = authorization === undefined ? {} : { authorization };
    expect((await anonymous('GET', '/integrations', undefined, headers)).status, authorization).toBe(401);
  }
  expect((await anonymous('GET', '/nowhere')).status).toBe(401);
});

test('health checks need no token', async () => {
  const { runtime } = await serve();
  const anonymous = createClient(runtime.url, undefined);
  for (const path of ['/healthz', '/readyz']) {
    const reply = await anonymous('GET', path);
    expect([reply.status, reply.body]).toEqual([200, { status: 'ok', reasons: [] }]);
    expect((await anonymous('HEAD', path)).status).toBe(200);
    const posted = await anonymous('POST', path);
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  }
});

test('on loopback, a foreign Host is refused whatever else the request carries', async () => {
  const { runtime } = await serve({}, { publicUrl: 'https://bulkhead.example/base' });
  const { port } = (await runtime.listen()).address() as AddressInfo;
  const statusFor = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${TOKEN}` };
      request({ port, host: '127.0.0.1', path: '/integrations', headers }, ({ statusCode }) => resolve(statusCode))
        .on('error', reject)
        .end();
    });
  for (const host of ['localhost', `localhost:${port}`, '127.0.0.1', '[::1]:80', 'app.localhost', 'bulkhead.example']) {
    expect(await statusFor(host), host).toBe(200);
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    'evil.example:80',
  ]) {
    expect(await statusFor(host), host).toBe(403);
  }
});

test('unknown routes are 404; other methods on known ones are 405 with Allow', async () => {
  const { client } = await serve();
  for (const path of ['/v1', '/nowhere', '/integrations/a/b/c/d', '/Integrations', '/%ff', '/integrations/%00']) {
    const reply = await client('GET', path);
    expect([404, 400], path).toContain(reply.status);
    expect(reply.body.errors).toHaveLength(1);
  }
  const allow = async (method: string, path: string): Promise<[number, string[]]> => {
    const reply = await client(method, path);
    return [reply.status, reply.headers.get('allow')?.split(', ').sort() ?? []];
  };
  expect(await allow('PATCH', '/integrations')).toEqual([405, ['GET', 'HEAD', 'POST']]);
  expect(await allow('POST', `/integrations/${unknownId}`)).toEqual([405, ['DELETE', 'GET', 'HEAD', 'PUT']]);
  expect(await allow('GET', `/integrations/${unknownId}/settings/f`)).toEqual([405, ['PUT']]);
  expect(await allow('DELETE', '/tokenInfo')).toEqual([405, ['GET', 'HEAD']]);
});

test.each(['0123', 'x'.repeat(24), unknownId.toUpperCase(), `${unknownId}0`, '__proto__'])(
  'an invalid id: %s',
  async (id) => {
    const { client } = await serve();
    for (const [method, path] of [
      ['GET', `/integrations/${id}`],
      ['PUT', `/integrations/${id}`],
      ['DELETE', `/integrations/${id}`],
      ['GET', `/integrations/${id}/dependencies`],
      ['PUT', `/integrations/${id}/settings/f`],
      ['DELETE', `/integrations/${id}/install`],
      ['POST', `/integrations/${id}/install`],
      ['GET', `/connectors/${id}`],
      ['GET', `/connectors/${id}/installBase`],
      ['PUT', `/connectors/${id}/update`],
    ] as const) {
      const reply = await client(method, path, method === 'GET' ? undefined : {});
      expect([reply.status, errorsOf(reply)], `${method} ${path}`).toEqual([404, [['not_found']]]);
    }
  },
);

test('bodies that are not JSON objects', async () => {
  const { client } = await serve();
  const post = (body: string, type = 'application/json'): Promise<Reply> =>
    client('POST', '/integrations', body, { 'content-type': type });
  const results: [Reply, number, string][] = [
    [await post('{'), 400, 'invalid_json'],
    [await post("{'a':1}"), 400, 'invalid_json'],
    [await post('\u0000'), 400, 'invalid_json'],
    [await post('[]'), 422, 'invalid_field'],
    [await post('"x"'), 422, 'invalid_field'],
    [await post('null'), 422, 'invalid_field'],
    [await post('{"name":"x"}', 'text/plain'), 415, 'unsupported_media_type'],
    [await post('{"name":"x"}', 'application/x-www-form-urlencoded'), 415, 'unsupported_media_type'],
    [await post('{"name":"x"}', 'application/json; charset=latin1'), 415, 'unsupported_media_type'],
    [await post(`{"name":"${'x'.repeat(1024 * 1024)}"}`), 413, 'request_too_large'],
  ];
  for (const [reply, status, code] of results) {
    expect([reply.status, reply.body.errors[0].code], reply.text).toEqual([status, code]);
  }
  expect((await client('GET', '/integrations')).body).toEqual([]);
  expect((await post('{"name":"x"}', 'application/json; charset=UTF-8')).status).toBe(201);
  expect((await post('{"name":"y"}', 'application/merge-patch+json')).status).toBe(201);
});

test('a host that already read the body gets an error that says so, and nothing is stored', async () => {
  const { client, runtime } = await serve();
  const host = createServer(async (incoming, response) => {
    await buffer(incoming);
    runtime.callback()(incoming, response);
  }).listen(0, '127.0.0.1');
  await once(host, 'listening');
  onTestFinished(() => void host.close());
  const mounted = createClient(`http://127.0.0.1:${(host.address() as AddressInfo).port}`, TOKEN);
  const reply = await mounted('POST', '/integrations', { name: 'x' });
  expect([reply.status, reply.body.errors[0].message]).toEqual([500, expect.stringContaining('was already read')]);
  expect((await client('GET', '/integrations')).body).toEqual([]);
});

test('bytes that are not UTF-8 are not JSON', async () => {
  const { runtime } = await serve();
  const response = await fetch(`${runtime.url}/integrations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: Buffer.from('{"name":"\xff"}', 'latin1'),
  });
  expect([response.status, await response.json()]).toMatchObject([400, { errors: [{ code: 'invalid_json' }] }]);
});

test('a body that breaks off changes nothing and does not affect the next request', async () => {
  const { client, runtime } = await serve();
  const { port } = new URL(runtime.url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      const head = ['POST /integrations HTTP/1.1', 'Host: localhost', `Authorization: Bearer ${TOKEN}`];
      socket.write(
        [...head, 'Content-Type: application/json', 'Content-Length: 100', '', '{"name":'].join('\r\n'),
        () => {
          socket.destroy();
          resolve();
        },
      );
    });
  });
  expect((await client('GET', '/integrations')).body).toEqual([]);
});

test('each reply has a request id of its own', async () => {
  const { client } = await serve();
  const ids = new Set<string | null>();
  for (const path of ['/integrations', '/nowhere', '/healthz']) {
    ids.add((await client('GET', path)).headers.get('x-request-id'));
  }
  expect(ids.size).toBe(3);
  expect(ids).not.toContain(null);
});

test('a list is paged with Link, oldest first, and every record comes once', async () => {
  const { client, runtime } = await serve();
  const made: string[] = [];
  for (let i = 0; i < 7; i++) made.push((await client('POST', '/integrations', { name: `n${i}` })).body._id);
  const seen: string[] = [];
  let next: string | undefined = '/v1/integrations?limit=3&include=name';
  let pages = 0;
  while (next !== undefined) {
    const reply: Reply = await client('GET', next);
    seen.push(...reply.body.map(({ _id }: { _id: string }) => _id));
    pages++;
    const link = reply.headers.get('link');
    next = /^<([^>]+)>; rel="next"$/.exec(link ?? '')?.[1]?.replace(runtime.url, '');
    // A record that goes between two pages does not shift the rest.
    if (pages === 1) await client('DELETE', `/integrations/${made[2]}`);
  }
  expect(pages).toBe(3);
  expect(seen).toEqual(made);
});

test.each([
  'limit=0',
  'limit=1001',
  'limit=x',
  'limit=1.5',
  'limit=',
  'limit=1&limit=2',
  'cursor=x',
  'cursor=WyJhIl0',
  'cursor=',
  'include=a&exclude=b',
  'tag=a&tag=b',
])('?%s is refused', async (query) => {
  const { client } = await serve();
  const reply = await client('GET', `/integrations?${query}`);
  expect([reply.status, errorsOf(reply)]).toEqual([400, [['invalid_query_params']]]);
});

test('include and exclude take dotted paths', async () => {
  const { client } = await serve();
  const { body } = await client('POST', '/integrations', {
    name: 'n',
    description: 'd',
    settings: { a: { b: 1, c: 2 }, d: 3 },
  });
  const one = async (query: string) => (await client('GET', `/integrations/${body._id}?${query}`)).body;
  expect(await one('include=name,settings.a.b')).toEqual({ _id: body._id, name: 'n', settings: { a: { b: 1 } } });
  expect(await one('include=nothing,__proto__.x,name.x')).toEqual({ _id: body._id });
  expect(await one('exclude=settings.a.c,createdAt,_id,description')).toEqual({
    _id: body._id,
    lastModified: body.lastModified,
    name: 'n',
    settings: { a: { b: 1 }, d: 3 },
  });
});

test('entity tags: If-None-Match gives 304, a stale If-Match 412', async () => {
  const { client } = await serve();
  const created = await client('POST', '/integrations', { name: 'one' });
  const path = `/integrations/${created.body._id}`;
  const first = created.headers.get('etag') ?? '';
  expect(first).toMatch(/^"[^"]+"$/);
  expect((await client('GET', path)).headers.get('etag')).toBe(first);
  const unchanged = await client('GET', path, undefined, { 'if-none-match': first });
  expect([unchanged.status, unchanged.text]).toEqual([304, '']);

  const changed = await client('PUT', path, { name: 'two' }, { 'if-match': `"other", ${first}` });
  expect(changed.status).toBe(200);
  const second = changed.headers.get('etag') ?? '';
  expect(second).not.toBe(first);
  for (const [method, body] of [
    ['PUT', { name: 'three' }],
    ['DELETE', undefined],
  ] as const) {
    const stale = await client(method, path, body, { 'if-match': first });
    expect([stale.status, errorsOf(stale)]).toEqual([412, [['precondition_failed']]]);
  }
  expect((await client('GET', path)).body.name).toBe('two');
  expect((await client('DELETE', path, undefined, { 'if-match': '*' })).status).toBe(204);
});

test('headers by which a client describes itself are not trusted', async () => {
  const { client } = await serve();
  const { body } = await client('GET', '/tokenInfo');
  expect(body).toEqual({ scope: 'administrator' });
});

test('a request may name its target in absolute form', async () => {
  const { client, runtime } = await serve();
  for (const name of ['a', 'b']) await client('POST', '/integrations', { name });
  const { port } = new URL(runtime.url);
  const options = {
    port,
    host: '127.0.0.1',
    path: 'http://localhost/v1/integrations?limit=1',
    headers: { authorization: `Bearer ${TOKEN}` },
  };
  const link = await new Promise((resolve, reject) => {
    request(options, ({ statusCode, headers }) => resolve([statusCode, headers.link]))
      .on('error', reject)
      .end();
  });
  expect(link).toEqual([200, expect.stringContaining(`<${runtime.url}/v1/integrations?limit=1&cursor=`)]);
});

test('connectors are listed like everything else', async () => {
  const { client } = await serve({ b: { code: 'exports.a = {}' }, a: { code: 'exports.a = {}' } });
  const first = await client('GET', '/connectors?limit=1&include=name,version');
  expect(first.body).toEqual([{ _id: expect.any(String), name: 'a', version: '1.0.0' }]);
  const next = /<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
  expect((await client('GET', next.slice(next.indexOf('/connectors')))).body).toMatchObject([{ name: 'b' }]);
  expect((await client('GET', '/connectors?limit=0')).status).toBe(400);
});

test('an invalid request target is 400', async () => {
  const { runtime } = await serve();
  const { port } = new URL(runtime.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    `GET http://[bad/integrations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`,
  );
  let received = '';
  for await (const chunk of socket) received += chunk;
  expect(received).toMatch(/^HTTP\/1\.1 400 /);
});
