/** What is sent of a connector's request. */
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { HeaderPair } from '../../src/broker/request-headers.ts';
import { ask, httpServer, openOutbound, rawServer, refusal } from '../support/outbound.ts';

const local = { allowPrivateNetwork: '127.0.0.1' };

/** Answers with the raw header lines. */
async function headersSent(
  headers: readonly HeaderPair[],
  method = 'GET',
  body: string | null = null,
): Promise<string[]> {
  const port = await httpServer((request, response) => response.end(JSON.stringify(request.rawHeaders)));
  const answer = await ask(openOutbound(local), `http://127.0.0.1:${port}/`, { headers, method, body });
  const raw: string[] = JSON.parse(answer.body);
  const lines = raw.flatMap((name, i) => (i % 2 === 0 ? [`${name.toLowerCase()}: ${raw[i + 1]}`] : []));
  return lines.map((line) => line.replace(/127\.0\.0\.1:\d+/, 'HOST'));
}

const ordinary = [
  'host: HOST',
  'connection: keep-alive',
  'accept: */*',
  'accept-encoding: gzip, deflate, br, zstd',
  'user-agent: bulkhead',
];

test('a request has few default headers', async () => {
  expect((await headersSent([])).sort()).toEqual([...ordinary].sort());
  expect((await headersSent([], 'POST')).sort()).toEqual([...ordinary, 'content-length: 0'].sort());
});

test('given headers are sent in order, and override defaults', async () => {
  const sent = await headersSent([
    ['Accept', 'application/json'],
    ['X-One', '1'],
    ['X-Two', '  2\t'],
    ['x-one', 'again'],
    ['X-Empty', ''],
    ['X-Latin', 'grüße'],
    ['User-Agent', 'mine'],
  ]);
  expect(sent.slice(-7)).not.toContain('accept: */*');
  expect(sent.filter((line) => /^(?:accept|x-|user-agent)/.test(line) && !/^accept-enc/.test(line))).toEqual([
    'accept: application/json',
    'x-one: 1',
    'x-two: 2',
    'x-one: again',
    'x-empty: ',
    'x-latin: grüße',
    'user-agent: mine',
  ]);
});

test('a range request asks for no compression', async () => {
  expect(await headersSent([['Range', 'bytes=0-1']])).toContain('accept-encoding: identity');
});

test.each([
  'Host',
  'HOST',
  'Content-Length',
  'Connection',
  'Keep-Alive',
  'Transfer-Encoding',
  'Upgrade',
  'Expect',
  'TE',
  'Trailer',
  'HTTP2-Settings',
  'Proxy-Authorization',
  'Proxy-Connection',
  'Proxy-Anything',
])('%s is not sent', async (name) => {
  const sent = await headersSent([
    [name, 'evil.example'],
    [name, '100-continue'],
    ['x-kept', '1'],
  ]);
  expect(sent.sort()).toEqual([...ordinary, 'x-kept: 1'].sort());
  const posted = await headersSent([[name, '7']], 'POST', 'four');
  expect(posted.sort()).toEqual([...ordinary, 'content-length: 4'].sort());
});

describe('invalid headers', () => {
  test.each<[string, string]>([
    ['x', 'a\r\nhost: evil.example'],
    ['x', 'a\nhost: evil.example'],
    ['x', 'a\rhost: evil.example'],
    ['x', 'a\0b'],
    ['x', 'a\u007fb'],
    ['x', '\u{1f680}'],
    ['x', 'a\u010a\u010d'],
    ['x\r\nhost', 'a'],
    ['x:', 'a'],
    ['x y', 'a'],
    ['', 'a'],
    ['ü', 'a'],
    ['\u212aeep-alive', 'a'],
  ])('%j: %j', async (name, value) => {
    let reached = 0;
    const port = await httpServer((_request, response) => response.end(String(++reached)));
    const url = `http://127.0.0.1:${port}/`;
    const denial = await refusal(ask(openOutbound(local), url, { headers: [[name, value]] }));
    expect(denial).toMatchObject({ code: 'invalid_request' });
    expect(reached).toBe(0);
  });

  test('too many, or too large', async () => {
    const port = await httpServer((_request, response) => response.end());
    const withHeaders = (count: number, size: number) => {
      const headers: HeaderPair[] = Array.from({ length: count }, (_, i) => [`x-${i}`, 'a'.repeat(size)]);
      return refusal(ask(openOutbound(local), `http://127.0.0.1:${port}/`, { headers }));
    };
    expect(await withHeaders(100, 10)).toBe(undefined);
    expect(await withHeaders(101, 10)).toMatchObject({ code: 'invalid_request' });
    expect(await withHeaders(1, 12_000)).toBe(undefined);
    expect(await withHeaders(3, 12_000)).toMatchObject({ code: 'invalid_request' });
  });
});

test('a line break in the address does not reach the request', async () => {
  let head = '';
  const port = await rawServer((socket) =>
    socket.on('data', (data) => {
      head += data;
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    }),
  );
  await ask(openOutbound(local), `http://127.0.0.1:${port}/a\r\nx: 1\r\n?b c\u010d\u010a#d`, {
    permissions: [`http://127.0.0.1:${port}`],
  });
  expect(head.split('\r\n')[0]).toBe('GET /ax:%201?b%20c%C4%8D%C4%8A HTTP/1.1');
});

describe('methods', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s', async (method) => {
    const port = await httpServer((request, response) => response.setHeader('x-method', String(request.method)).end());
    const { headers } = await ask(openOutbound(local), `http://127.0.0.1:${port}/`, { method });
    expect(headers).toContainEqual(['x-method', method]);
  });

  test.each(['CONNECT', 'TRACE', 'TRACK', 'get', '', 'GET /\r\n', 'G T'])('%j is refused', async (method) => {
    const answer = ask(openOutbound(local), 'http://127.0.0.1:1/', { method });
    expect(await refusal(answer)).toMatchObject({ code: 'invalid_request' });
  });

  test.each(['GET', 'HEAD'])('%s has no body', async (method) => {
    const answer = ask(openOutbound(local), 'http://127.0.0.1:1/', { method, body: '' });
    expect(await refusal(answer)).toMatchObject({ code: 'invalid_request' });
  });
});

test('a body up to the limit', async () => {
  const port = await httpServer(
    (request, response) => void text(request).then(({ length }) => response.end(`${length}`)),
  );
  const post = (body: string) =>
    ask(openOutbound({ ...local, limits: { requestBytes: 1_000 } }), `http://127.0.0.1:${port}/`, {
      method: 'POST',
      body,
    });
  expect(await post('a'.repeat(1_000))).toMatchObject({ body: '1000' });
  expect(await refusal(post('ü'.repeat(501)))).toMatchObject({ code: 'invalid_request' });
});

test("a response has the server's status and headers", async () => {
  const port = await rawServer((socket) =>
    socket.once('data', () =>
      socket.end(
        Buffer.from(
          'HTTP/1.1 418 I am a teapot\r\nX-A: 1\r\nx-a: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n__proto__: p\r\nX-L: \xfc\r\n\r\nbody',
          'latin1',
        ),
      ),
    ),
  );
  expect(await ask(openOutbound(local), `http://127.0.0.1:${port}/path?q=1#hash`)).toEqual({
    url: `http://127.0.0.1:${port}/path?q=1`,
    status: 418,
    statusText: 'I am a teapot',
    headers: [
      ['x-a', '1'],
      ['x-a', '2'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['__proto__', 'p'],
      ['x-l', 'ü'],
    ],
    body: 'body',
    redirected: false,
  });
});
