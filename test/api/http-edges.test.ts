/** Edges of HTTP: Host, requests that Node refuses by itself, Expect, codings, CORS. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createClient } from '../support/client.ts';
import { exchangeRaw, openRaw } from '../support/raw-http.ts';
import { serve, serveForAll, TOKEN } from '../support/runtime.ts';

const served = serveForAll();
const url = (): string => served().runtime.url;
const AUTH = `Authorization: Bearer ${TOKEN}\r\n`;
const JSON_TYPE = 'Content-Type: application/json\r\n';
const codesOf = (body: { errors: { code: string }[] }): string[] => body.errors.map(({ code }) => code);

describe('Host', () => {
  test.each(['/healthz', '/readyz', '/v1/healthz'])('HTTP/1.0 without Host: %s is answered', async (path) => {
    expect(await exchangeRaw(url(), `GET ${path} HTTP/1.0\r\n\r\n`)).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    });
    const head = await openRaw(url());
    head.send(`HEAD ${path} HTTP/1.0\r\n\r\n`);
    expect(await head.closed).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each(['/tokenInfo', '/', '/openapi.json', '/healthz/x'])(
    'HTTP/1.0 without Host: %s is refused',
    async (path) => {
      const reply = await exchangeRaw(url(), `GET ${path} HTTP/1.0\r\n${AUTH}\r\n`);
      expect([reply.status, codesOf(reply.body)]).toEqual([403, ['host_not_allowed']]);
    },
  );

  test('a foreign Host is refused on /healthz too', async () => {
    expect((await exchangeRaw(url(), 'GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n')).status).toBe(403);
  });

  test.each(['localhost.', 'LOCALHOST', 'localhost.:80', 'app.localhost.', '127.0.0.1.'])(
    '%s is loopback',
    async (host) => {
      expect((await exchangeRaw(url(), `GET /tokenInfo HTTP/1.1\r\nHost: ${host}\r\n${AUTH}\r\n`)).status).toBe(200);
    },
  );

  test.each(['localhost..', 'localhost.evil.example.', 'evil.example.'])('%s is refused', async (host) => {
    expect((await exchangeRaw(url(), `GET /tokenInfo HTTP/1.1\r\nHost: ${host}\r\n${AUTH}\r\n`)).status).toBe(403);
  });

  test.each([
    ['two lines', 'HTTP/1.1\r\nHost: localhost\r\nHost: localhost'],
    ['two different ones', 'HTTP/1.1\r\nHost: localhost\r\nhOST: evil.example'],
    ['two in HTTP/1.0', 'HTTP/1.0\r\nHost: localhost\r\nHost: a'],
    ['none in HTTP/1.1', 'HTTP/1.1'],
  ])('%s: 400', async (_what, head) => {
    for (const path of ['/healthz', '/tokenInfo']) {
      const reply = await exchangeRaw(url(), `GET ${path} ${head}\r\n${AUTH}\r\n`);
      expect([reply.status, codesOf(reply.body)]).toEqual([400, ['bad_request']]);
      expect(reply.body.errors[0].message).toContain('Host');
      expect(reply.headers).toHaveProperty('x-request-id');
    }
  });
});

describe('requests that Node refuses get the usual error body', () => {
  const head = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';
  test.each<[string, string, number, string]>([
    ['headers that are too large', `${head}x: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['a target that is too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`, 431, 'headers_too_large'],
    ['garbage', 'blah\r\n\r\n', 400, 'bad_request'],
    ['a header that is none', `${head}a b: c\r\n\r\n`, 400, 'bad_request'],
    ['a length that is none', `${head}content-length: x\r\n\r\n`, 400, 'bad_request'],
    [
      'a length and chunks',
      `${head}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'bad_request',
    ],
    ['a version that is none', 'GET / HTTP/4.2\r\n\r\n', 400, 'bad_request'],
    [
      'a chunk that is none',
      `POST /integrations HTTP/1.1\r\nHost: localhost\r\n${AUTH}${JSON_TYPE}transfer-encoding: chunked\r\n\r\nzz\r\n`,
      400,
      'bad_request',
    ],
    ['an expectation that nobody knows', `${head}Expect: the-spanish-inquisition\r\n\r\n`, 417, 'expectation_failed'],
  ])('%s', async (_what, text, status, code) => {
    const connection = await openRaw(url());
    connection.send(text);
    const reply = await connection.reply();
    expect([reply.status, codesOf(reply.body)]).toEqual([status, [code]]);
    expect(reply.headers).toMatchObject({ connection: 'close', 'content-type': 'application/json; charset=utf-8' });
    expect(reply.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    expect(await connection.closed).toBe('');
    // The server is as well as before.
    expect((await served().client('GET', '/healthz')).status).toBe(200);
  });

  test('garbage after a request does not overtake its reply', async () => {
    const connection = await openRaw(url());
    connection.send(`GET /tokenInfo HTTP/1.1\r\nHost: localhost\r\n${AUTH}\r\nblah blah\r\n\r\n`);
    expect(await connection.reply()).toMatchObject({ status: 200, body: { scope: 'administrator' } });
    expect((await connection.closed).startsWith('HTTP/1.1 2')).toBe(false);
  });

  test('a connection reset in the middle of a request harms nothing', async () => {
    const { port } = new URL(url());
    for (let i = 0; i < 20; i++) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nx: ${'a'.repeat(i * 1_000)}`, () =>
        socket.resetAndDestroy(),
      );
      await once(socket, 'close');
    }
    expect((await served().client('GET', '/healthz')).status).toBe(200);
  });
});

describe('Expect: 100-continue', () => {
  const body = '{"name":"expected"}';
  const post = (headers: string, length = body.length): string =>
    `POST /integrations HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}Expect: 100-continue\r\nContent-Length: ${length}\r\n${headers}\r\n`;

  test('the body is asked for, and the connection stays open', async () => {
    const connection = await openRaw(url());
    for (let i = 0; i < 2; i++) {
      connection.send(post(AUTH));
      expect((await connection.reply()).status).toBe(100);
      connection.send(body);
      expect(await connection.reply()).toMatchObject({ status: 201, body: { name: 'expected' } });
    }
  });

  test.each<[string, string, number, string]>([
    ['without a token', post(''), 401, 'unauthorized'],
    ['with a wrong token', post('Authorization: Bearer nope\r\n'), 401, 'unauthorized'],
    ['a body that is too large', post(AUTH, 2 * 1024 * 1024), 413, 'request_too_large'],
    ['a type that is not supported', post(AUTH).replace('application/json', 'text/csv'), 415, 'unsupported_media_type'],
    ['a route that is not there', post(AUTH).replace('/integrations', '/nowhere'), 404, 'not_found'],
    ['a foreign host', post(AUTH).replace('localhost', 'evil.example'), 403, 'host_not_allowed'],
  ])('%s is refused before the body is requested', async (_what, head, status, code) => {
    const connection = await openRaw(url());
    connection.send(head);
    const reply = await connection.reply();
    expect([reply.status, codesOf(reply.body), reply.headers.connection]).toEqual([status, [code], 'close']);
    expect(await connection.closed).toBe('');
  });

  test("a host's server that sends 100 Continue itself sends it once", async () => {
    const host = createServer(served().runtime.callback()).listen(0, '127.0.0.1');
    await once(host, 'listening');
    onTestFinished(() => void host.close());
    const connection = await openRaw(`http://127.0.0.1:${(host.address() as AddressInfo).port}`);
    connection.send(post(AUTH));
    expect((await connection.reply()).status).toBe(100);
    connection.send(body);
    expect((await connection.reply()).status).toBe(201);
  });
});

describe('codings and charsets of bodies', () => {
  const post = (body: Uint8Array | string, headers: Record<string, string>) =>
    served().client('POST', '/integrations', body as string, { 'content-type': 'application/json', ...headers });

  test.each(['gzip', 'GZIP', 'x-gzip'])('%s is accepted', async (coding) => {
    const reply = await post(new Uint8Array(gzipSync('{"name":"größe"}')), { 'content-encoding': coding });
    expect([reply.status, reply.body.name]).toEqual([201, 'größe']);
  });

  test.each(['br', 'deflate', 'zstd', 'gzip, gzip', 'compress'])(
    '%s is not, and the reply says what is',
    async (coding) => {
      const reply = await post('x', { 'content-encoding': coding });
      expect([reply.status, codesOf(reply.body)]).toEqual([415, ['unsupported_media_type']]);
      expect(reply.body.errors[0].message).toContain(JSON.stringify(coding));
      expect(reply.headers.get('accept-encoding')).toBe('gzip, identity');
    },
  );

  test.each(['latin1', 'utf-16', 'windows-1252'])('the error names the charset %s', async (charset) => {
    const reply = await post('{"name":"n"}', { 'content-type': `application/json; charset=${charset}` });
    expect(reply.status).toBe(415);
    expect(reply.body.errors[0].message).toContain(JSON.stringify(charset));
  });

  test('upload and restore say that they accept no coding', async () => {
    for (const [method, path] of [
      ['PUT', '/connectors'],
      ['POST', '/restore'],
    ] as const) {
      const headers = { 'content-type': 'application/gzip', 'content-encoding': 'br' };
      const reply = await served().client(method, path, 'x', headers);
      expect([reply.status, reply.body.errors[0].message, reply.headers.get('accept-encoding')]).toEqual([
        415,
        expect.stringContaining('"br"'),
        'identity',
      ]);
    }
  });

  test('the size limit holds for the inflated body', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    const large = await post(new Uint8Array(bomb), { 'content-encoding': 'gzip' });
    expect([large.status, codesOf(large.body)]).toEqual([413, ['request_too_large']]);
    const empty = Buffer.concat(Array<Buffer>(60_000).fill(gzipSync('')));
    expect((await post(new Uint8Array(empty), { 'content-encoding': 'gzip' })).status).toBe(413);
    const full = gzipSync(JSON.stringify({ name: 'n', settings: { text: 'x'.repeat(900_000) } }));
    expect((await post(new Uint8Array(full), { 'content-encoding': 'gzip' })).status).toBe(201);
  });

  test.each<[string, Buffer]>([
    ['no gzip', Buffer.from('{"name":"n"}')],
    ['gzip that breaks off', gzipSync('{"name":"n"}').subarray(0, 15)],
    [
      'a wrong checksum',
      (() => {
        const bytes = gzipSync('{"name":"n"}');
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 8) ^ 1, bytes.length - 8);
        return bytes;
      })(),
    ],
  ])('%s is 400', async (_what, bytes) => {
    const reply = await post(new Uint8Array(bytes), { 'content-encoding': 'gzip' });
    expect([reply.status, reply.body.errors[0].message]).toEqual([400, 'The body is not valid gzip.']);
  });
});

describe('CORS', () => {
  const app = 'https://app.example.com';
  const preflight = {
    origin: app,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization,if-match',
  };
  const corsOf = (headers: Headers) => [...headers.keys()].filter((name) => name.startsWith('access-control-'));
  const ask = (base: string, method: string, path: string, headers: Record<string, string>) =>
    fetch(base + path, { method, headers });

  test('is off by default', async () => {
    for (const [method, headers] of [
      ['OPTIONS', preflight],
      ['GET', { origin: app, authorization: `Bearer ${TOKEN}` }],
    ] as const) {
      const reply = await ask(url(), method, '/integrations', headers);
      expect([corsOf(reply.headers), reply.headers.get('vary')]).toEqual([[], null]);
    }
    expect((await ask(url(), 'OPTIONS', '/integrations', preflight)).status).toBe(401);
  });

  test('allows the listed origins and no others', async () => {
    const { runtime } = await serve({}, { corsOrigins: `${app}, http://localhost:5173` });
    for (const origin of [app, 'http://localhost:5173']) {
      const answer = await ask(runtime.url, 'OPTIONS', '/v1/integrations/x', { ...preflight, origin });
      expect([answer.status, await answer.text()]).toEqual([204, '']);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'authorization,if-match',
        vary: expect.stringContaining('Origin'),
      });
      const reply = await ask(runtime.url, 'GET', '/integrations', { origin, authorization: `Bearer ${TOKEN}` });
      expect([reply.status, reply.headers.get('access-control-allow-origin'), reply.headers.get('vary')]).toEqual([
        200,
        origin,
        'Origin',
      ]);
      const exposed = reply.headers.get('access-control-expose-headers')?.split(', ');
      expect(exposed).toEqual(
        expect.arrayContaining(['ETag', 'Link', 'Location', 'Bulkhead-Run-Id', 'X-Request-Id', 'Retry-After']),
      );
      // An error can be read as well.
      expect(
        (await ask(runtime.url, 'GET', '/integrations', { origin })).headers.get('access-control-allow-origin'),
      ).toBe(origin);
    }
    for (const origin of [
      'https://evil.example',
      'https://app.example.com.evil.example',
      'http://app.example.com',
      'https://app.example.com:444',
      'null',
      '',
    ]) {
      const answer = await ask(runtime.url, 'OPTIONS', '/integrations', { ...preflight, origin });
      expect([answer.status, corsOf(answer.headers)], origin).toEqual([401, []]);
      const reply = await ask(runtime.url, 'GET', '/healthz', { origin });
      expect([corsOf(reply.headers), reply.headers.get('vary')], origin).toEqual([[], 'Origin']);
    }
    // Without the method of a request to come it is no preflight.
    expect((await ask(runtime.url, 'OPTIONS', '/integrations', { origin: app })).status).toBe(401);
    expect((await createClient(runtime.url, TOKEN)('OPTIONS', '/tokenInfo')).status).toBe(405);
  });
});

test('an idle connection stays open for 75 s, or as long as the option says', async () => {
  const of = async (base: string) =>
    (await exchangeRaw(base, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')).headers['keep-alive'];
  expect(await of(url())).toBe('timeout=75');
  const { runtime } = await serve({}, { keepAliveMs: 2_000 });
  expect(await of(runtime.url)).toBe('timeout=2');
});
