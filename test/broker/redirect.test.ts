/** Redirects by the fetch standard. */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { HeaderPair } from '../../src/broker/request-headers.ts';
import { ask, httpServer, openOutbound, refusal } from '../support/outbound.ts';

interface Seen {
  readonly method: string | undefined;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** Two origins: /go on the first leads to /end there, /away to /end on the second; `seen` is what /end received. */
async function twoOrigins(status: number) {
  const seen: Seen[] = [];
  const end = async (request: IncomingMessage): Promise<void> => {
    seen.push({ method: request.method, body: await text(request), headers: request.headers });
  };
  const second = await httpServer((request, response) => void end(request).then(() => response.end('second')));
  const first = await httpServer((request, response) => {
    const location = { '/go': '/end', '/away': `http://127.0.0.1:${second}/end` }[request.url ?? ''];
    if (location) response.writeHead(status, { location }).end('moved');
    else void end(request).then(() => response.end('first'));
  });
  const origins = [first, second].map((port) => `http://127.0.0.1:${port}`);
  return { seen, origins, url: (path: string) => origins[0] + path };
}

const local = { allowPrivateNetwork: '127.0.0.1' };

describe('method and body', () => {
  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'POST', 'GET', ''],
    [307, 'POST', 'POST', 'a body'],
    [308, 'POST', 'POST', 'a body'],
    [301, 'PUT', 'PUT', 'a body'],
    [302, 'PATCH', 'PATCH', 'a body'],
    [303, 'PUT', 'GET', ''],
    [303, 'DELETE', 'GET', ''],
    [307, 'DELETE', 'DELETE', 'a body'],
  ])('%i after %s: %s', async (status, method, then, body) => {
    const { seen, origins, url } = await twoOrigins(status);
    const headers: HeaderPair[] = [
      ['Content-Type', 'text/plain'],
      ['Content-Language', 'en'],
      ['X-Kept', 'kept'],
    ];
    const asked = { method, body: 'a body', headers, permissions: origins };
    expect(await ask(openOutbound(local), url('/go'), asked)).toMatchObject({
      body: 'first',
      redirected: true,
      url: url('/end'),
    });
    const kept = body === '' ? undefined : 'text/plain';
    expect(seen).toMatchObject([{ method: then, body, headers: { 'x-kept': 'kept' } }]);
    expect(seen[0]?.headers['content-type']).toBe(kept);
    expect(seen[0]?.headers['content-language']).toBe(kept && 'en');
  });

  test.each([301, 302, 303, 307, 308])('%i after HEAD: HEAD', async (status) => {
    const { seen, origins, url } = await twoOrigins(status);
    await ask(openOutbound(local), url('/go'), { method: 'HEAD', permissions: origins });
    expect(seen).toMatchObject([{ method: 'HEAD' }]);
  });
});

test.each([301, 302, 303, 307, 308])('%i to another origin drops credentials', async (status) => {
  const { seen, origins, url } = await twoOrigins(status);
  const headers: HeaderPair[] = [
    ['Authorization', 'Bearer secret'],
    ['COOKIE', 'session=secret'],
    ['Proxy-Authorization', 'Basic secret'],
    ['X-Kept', 'kept'],
  ];
  await ask(openOutbound(local), url('/away'), { headers, permissions: origins });
  await ask(openOutbound(local), url('/go'), { headers, permissions: origins });
  expect(JSON.stringify(seen[0])).not.toContain('secret');
  expect(seen).toMatchObject([
    { headers: { 'x-kept': 'kept' } },
    { headers: { 'x-kept': 'kept', authorization: 'Bearer secret', cookie: 'session=secret' } },
  ]);
});

test('back at the first origin, credentials do not come back', async () => {
  const seen: (string | undefined)[] = [];
  let home = '';
  const away = await httpServer((_request, response) => response.writeHead(302, { location: `${home}/end` }).end());
  const port = await httpServer((request, response) => {
    if (request.url === '/end') seen.push(request.headers.authorization);
    response.writeHead(request.url === '/end' ? 200 : 302, { location: `http://127.0.0.1:${away}/` }).end();
  });
  home = `http://127.0.0.1:${port}`;
  const permissions = [home, `http://127.0.0.1:${away}`];
  await ask(openOutbound(local), `${home}/`, { headers: [['authorization', 'secret']], permissions });
  expect(seen).toEqual([undefined]);
});

test.each(['manual', 'error', 'follow'] as const)('redirect: %s', async (redirect) => {
  const { seen, origins, url } = await twoOrigins(302);
  const answer = ask(openOutbound(local), url('/away'), { redirect, permissions: origins });
  if (redirect === 'error') expect(await refusal(answer)).toMatchObject({ code: 'request_failed' });
  else
    expect(await answer).toMatchObject(
      redirect === 'manual' ? { status: 302, body: 'moved', redirected: false } : { body: 'second' },
    );
  expect(seen).toHaveLength(redirect === 'follow' ? 1 : 0);
});

test.each([
  ['file:///etc/passwd', 'permission_denied'],
  ['data:text/plain,hello', 'permission_denied'],
  ['ftp://127.0.0.1/', 'permission_denied'],
  ['javascript:1', 'permission_denied'],
  ['http://', 'request_failed'],
  ['http://a b/', 'request_failed'],
  ['//user:word@127.0.0.1/', 'request_failed'],
])('to %s', async (location, code) => {
  const port = await httpServer((_request, response) => response.writeHead(302, { location }).end());
  expect(await refusal(ask(openOutbound(local), `http://127.0.0.1:${port}/`))).toMatchObject({ code });
});

test.each([
  ['/end', '/end'],
  ['end', '/a/end'],
  ['?q=1', '/a/b?q=1'],
  ['../end#there', '/end'],
  ['', '/a/b'],
  ['/caf\u00c3\u00a9', '/caf%C3%A9'],
])('a relative location: %j', async (location, path) => {
  let isFirst = true;
  const port = await httpServer((request, response) => {
    if (isFirst) response.writeHead(302, { location }).end();
    else response.end(request.url);
    isFirst = false;
  });
  const origin = `http://127.0.0.1:${port}`;
  expect(await ask(openOutbound(local), `${origin}/a/b#here`)).toMatchObject({ url: origin + path, body: path });
});

test.each([300, 304, 305, 306])('%i is not a redirect, and neither is one without a location', async (status) => {
  const port = await httpServer((request, response) => {
    if (request.url === '/none') response.writeHead(302).end();
    else response.writeHead(status, { location: '/end' }).end();
  });
  const origin = `http://127.0.0.1:${port}`;
  expect(await ask(openOutbound(local), `${origin}/`)).toMatchObject({ status, redirected: false });
  expect(await ask(openOutbound(local), `${origin}/none`)).toMatchObject({ status: 302, redirected: false });
});

test('twenty redirects are followed, but no more', async () => {
  let asked = 0;
  const port = await httpServer((request, response) => {
    asked++;
    const left = Number(request.url?.slice(1));
    response.writeHead(left === 0 ? 200 : 302, { location: `/${left - 1}` }).end();
  });
  const origin = `http://127.0.0.1:${port}`;
  expect(await ask(openOutbound(local), `${origin}/20`)).toMatchObject({ status: 200, url: `${origin}/0` });
  expect(asked).toBe(21);
  expect(await refusal(ask(openOutbound(local), `${origin}/21`))).toMatchObject({ code: 'too_many_redirects' });
  expect(asked).toBe(42);
});
