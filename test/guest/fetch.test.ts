/** What `fetch` sends to the runtime, and how it presents the reply. */
import { afterAll, expect, test } from 'vitest';
import { createSandbox } from '../../sandbox/index.ts';
import { resultIn, runIn } from './sandboxed.ts';

const sandbox = createSandbox({ prewarmed: false, threads: 1 });
afterAll(() => sandbox.close());

const reply = { url: 'https://a.test/', status: 200, statusText: 'OK', headers: [], body: '' };

/** The one request of a run. */
async function sent(body: string): Promise<unknown> {
  const requests: unknown[] = [];
  const fetch = async (request: string): Promise<string> => {
    requests.push(JSON.parse(request));
    return JSON.stringify({ value: reply });
  };
  await resultIn(sandbox, { body: `${body}; return null`, ask: { fetch } });
  expect(requests).toHaveLength(1);
  return requests[0];
}

/** What code gets when the runtime sends this reply. */
function received(body: string, value: object): Promise<unknown> {
  return resultIn(sandbox, { body, ask: { fetch: async () => JSON.stringify({ value: { ...reply, ...value } }) } });
}

const none = { method: 'GET', headers: [], body: null };
const text = ['content-type', 'text/plain;charset=UTF-8'];

test.each([
  ['a path', "await fetch('/v1/x?a=b#c')", { ...none, url: '/v1/x?a=b#c' }],
  ['a relative path', "await fetch('connections')", { ...none, url: 'connections' }],
  ['a normalized address', "await fetch('HTTPS://A.test:443/b c')", { ...none, url: 'https://a.test/b%20c' }],
  ['a URL', "await fetch(new URL('https://a.test/x'))", { ...none, url: 'https://a.test/x' }],
  [
    'a request and additional options',
    "await fetch(new Request('https://a.test/', { headers: { a: '1' } }), { method: 'delete' })",
    { ...none, url: 'https://a.test/', method: 'DELETE', headers: [['a', '1']] },
  ],
  [
    'text to another origin with its type',
    "await fetch('https://a.test/', { method: 'POST', body: 'ä' })",
    { url: 'https://a.test/', method: 'POST', headers: [text], body: 'ä' },
  ],
  [
    "text to the runtime's API without a type, so that it is taken as JSON",
    "await fetch('/v1/x', { method: 'PUT', body: '{}' })",
    { url: '/v1/x', method: 'PUT', headers: [], body: '{}' },
  ],
  [
    'parameters',
    "await fetch('/x', { method: 'POST', body: new URLSearchParams({ a: 'b c' }) })",
    {
      url: '/x',
      method: 'POST',
      headers: [['content-type', 'application/x-www-form-urlencoded;charset=UTF-8']],
      body: 'a=b+c',
    },
  ],
  [
    'bytes that are UTF-8 as text',
    "await fetch('/x', { method: 'POST', body: new Uint8Array([0xef, 0xbb, 0xbf, 97]) })",
    { url: '/x', method: 'POST', headers: [], body: '\uFEFFa' },
  ],
  [
    'other bytes as base64',
    "await fetch('/x', { method: 'POST', body: new Uint8Array([255, 0, 254]).buffer })",
    { url: '/x', method: 'POST', headers: [], body: '/wD+', bodyEncoding: 'base64' },
  ],
  [
    'a blob',
    "await fetch('/x', { method: 'POST', body: new Blob(['a', 'b'], { type: 'a/b' }) })",
    { url: '/x', method: 'POST', headers: [['content-type', 'a/b']], body: 'ab' },
  ],
  ['the redirect mode', "await fetch('/x', { redirect: 'manual' })", { ...none, url: '/x', redirect: 'manual' }],
])('sends %s', async (_what, body, expected) => {
  expect(await sent(body)).toEqual(expected);
});

test.each([
  ['an invalid address', "fetch('https://')"],
  ['credentials in the address', "fetch('https://u:p@a.test/')"],
  ['a body with GET', "fetch('/x', { body: 'x' })"],
  ['an invalid method', "fetch('/x', { method: 'a b' })"],
  ['nothing', 'fetch()'],
])('rejects %s and sends nothing', async (_what, call) => {
  const body = `return ${call}.then(() => 'sent', (error) => [error.name, error.code ?? null])`;
  expect(await resultIn(sandbox, { body })).toEqual(['TypeError', null]);
});

test('a response has everything from the reply', async () => {
  const headers = [
    ['Content-Type', 'application/json'],
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ];
  const body = `const r = await fetch('/x');
    return [r.status, r.ok, r.statusText, r.url, r.redirected, r.type, [...r.headers], r.headers.getSetCookie(), await r.clone().json(), await r.text(), r.bodyUsed]`;
  expect(await received(body, { status: 203, headers, redirected: true, body: '{"a":1}' })).toEqual([
    203,
    true,
    'OK',
    'https://a.test/',
    true,
    'basic',
    [
      ['content-type', 'application/json'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
    ['a=1', 'b=2'],
    { a: 1 },
    '{"a":1}',
    true,
  ]);
});

test.each([
  ['text', 'text()', 'ä\uFEFF'],
  ['bytes', 'bytes().then((bytes) => [...bytes])', [0xef, 0xbb, 0xbf, 0xc3, 0xa4, 0xef, 0xbb, 0xbf]],
  ['a buffer', 'arrayBuffer().then((buffer) => buffer.byteLength)', 8],
  ['a blob', 'blob().then((blob) => blob.size)', 8],
])('a text body is read as %s', async (_as, call, expected) => {
  expect(await received(`return (await fetch('/x')).${call}`, { body: '\uFEFFä\uFEFF' })).toEqual(expected);
});

test('a body of bytes is read unchanged', async () => {
  const body = `const r = await fetch('/x'); return [[...await r.clone().bytes()], await r.text()]`;
  expect(await received(body, { body: '/wBh', bodyEncoding: 'base64' })).toEqual([[255, 0, 97], '\uFFFD\0a']);
});

test('a body can be read only once, whichever way', async () => {
  const body = `const r = await fetch('/x'); const before = r.bodyUsed; await r.json();
    return [before, r.bodyUsed, await r.text().catch((error) => error.name), await r.json().catch((error) => error.name)]`;
  expect(await received(body, { body: '[]' })).toEqual([false, true, 'TypeError', 'TypeError']);
});

test.each([204, 304])('a %i has no body', async (status) => {
  expect(await received(`const r = await fetch('/x'); return [r.body, await r.text()]`, { status, body: 'x' })).toEqual(
    [null, ''],
  );
});

test('a refusal is a TypeError with its code', async () => {
  const body = `return fetch('https://a.test/').catch((error) => [error.name, error.code, error.message])`;
  expect(await resultIn(sandbox, { body })).toEqual(['TypeError', 'permission_denied', 'no']);
});

test('an aborted fetch rejects with the reason, and the run continues', async () => {
  const never = (): Promise<string> => new Promise(() => {});
  const body = `const controller = new AbortController();
    const one = fetch('/x', { signal: controller.signal }).catch((reason) => reason);
    const two = fetch('/x', { signal: AbortSignal.timeout(5) }).catch(({ name }) => name);
    const three = fetch('/x', { signal: AbortSignal.abort() }).catch(({ name }) => name);
    controller.abort('why');
    return Promise.all([one, two, three])`;
  expect(await resultIn(sandbox, { body, ask: { fetch: never } })).toEqual(['why', 'TimeoutError', 'AbortError']);
});

test("a signal's timeout ends with the answer: the isolate stays warm", async () => {
  const body = `globalThis.runs = (globalThis.runs ?? 0) + 1; AbortSignal.timeout(60_000); return globalThis.runs`;
  expect(await resultIn(sandbox, { body, integrationId: 'warm' })).toBe(1);
  expect(await resultIn(sandbox, { body, integrationId: 'warm' })).toBe(2);
});

test('five megabytes fit into the memory of a run', async () => {
  const big = JSON.stringify(
    Array.from({ length: 50_000 }, (_, id) => ({ id, name: `näme ${id}`, text: 'x'.repeat(60) })),
  );
  expect(await received(`return (await (await fetch('/x')).json()).length`, { body: big })).toBe(50_000);
  expect(
    await runIn(sandbox, {
      body: `return (await fetch('/x', { method: 'POST', body: 'x'.repeat(5e6) }).catch(({ code }) => code))`,
    }),
  ).toMatchObject({ status: 'answered' });
});
