/** `fetch` of a running connector, from the manifest's permissions to a real server. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Broker } from '../../src/broker/broker.ts';
import { OneTimeTokens } from '../../src/broker/one-time-tokens.ts';
import type { PlatformApi, PlatformRequest } from '../../src/broker/platform-api.ts';
import { Keyring } from '../../src/record/keyring.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { UnitOfWork } from '../../src/store/unit-of-work.ts';
import { newTrace } from '../../src/trace-context.ts';
import { WorkPool } from '../../src/work/pool.ts';
import type { Client } from '../support/client.ts';
import { newId } from '../support/documents.ts';
import { httpServer, openOutbound } from '../support/outbound.ts';
import { installed, serve } from '../support/runtime.ts';

const code = `
  exports.utilities = {
    async get({ url, init }) {
      const response = await fetch(url, init);
      return { status: response.status, url: response.url, body: await response.text() };
    },
  };
`;

describe('a connector', () => {
  test('reaches the origins of its manifest, on networks that the operator allows', async () => {
    const port = await httpServer((request, response) =>
      response.end(`${request.method} ${request.headers['x-mine']}`),
    );
    const origin = `http://127.0.0.1:${port}`;
    const bundles = {
      permitted: { connector: { permissions: { fetch: [origin] } }, code },
      unpermitted: { connector: { permissions: { fetch: ['http://127.0.0.1:1'] } }, code },
      silent: { code },
    };
    const { client: open } = await serve(bundles, { allowPrivateNetwork: '127.0.0.1' });
    const { client: closed } = await serve({ permitted: bundles.permitted });
    const get = async (client: Client, name: keyof typeof bundles, url: string) => {
      const id = await installed(client, name);
      const init = { method: 'POST', headers: { 'X-Mine': 'mine' }, body: 'text' };
      return (await client('PUT', `/integrations/${id}/utilities/get`, { url, init })).body;
    };
    expect(await get(open, 'permitted', origin)).toEqual({ status: 200, url: `${origin}/`, body: 'POST mine' });
    const refused = (expected: string) => ({
      errors: [{ code: 'permission_denied', message: expect.stringContaining(expected) }],
    });
    expect(await get(closed, 'permitted', origin)).toEqual(refused('BULKHEAD_ALLOW_PRIVATE_NETWORK'));
    expect(await get(open, 'unpermitted', origin)).toEqual(refused(`${origin} is not permitted by permissions.fetch`));
    expect(await get(open, 'silent', origin)).toEqual(refused(`${origin} is not permitted by permissions.fetch`));
  });

  test('gets no larger response than the operator allows', async () => {
    const port = await httpServer((request, response) => response.end('a'.repeat(Number(request.url?.slice(1)))));
    const connector = { permissions: { fetch: [`http://127.0.0.1:${port}`] } };
    const { client } = await serve(
      { reader: { connector, code } },
      { allowPrivateNetwork: '127.0.0.1', runResponseBytes: 1_000 },
    );
    const id = await installed(client, 'reader');
    const get = async (size: number) =>
      (await client('PUT', `/integrations/${id}/utilities/get`, { url: `http://127.0.0.1:${port}/${size}` })).body;
    expect(await get(1_000)).toMatchObject({ status: 200 });
    expect(await get(1_001)).toMatchObject({ errors: [{ code: 'response_too_large' }] });
  });

  test('leaves no request behind when its run ends', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const port = await httpServer((request) => request.socket.on('close', () => resolve()));
    const connector = { permissions: { fetch: [`http://127.0.0.1:${port}`] }, limits: { timeoutMs: 500 } };
    const { client } = await serve({ waiter: { connector, code } }, { allowPrivateNetwork: '127.0.0.1' });
    const id = await installed(client, 'waiter');
    const reply = await client('PUT', `/integrations/${id}/utilities/get`, { url: `http://127.0.0.1:${port}/` });
    expect(reply.body).toMatchObject({ errors: [{ code: 'run_timeout' }] });
    await closed;
  });
});

describe('requests', () => {
  const asked: [PlatformRequest, string][] = [];
  const platformApi: PlatformApi = {
    pathOf: (url) => (url.startsWith('/') ? url : undefined),
    request: async (request, { token }) => {
      asked.push([request, token]);
      return { url: request.url, status: 200, statusText: 'OK', headers: [], body: Buffer.from('ours') };
    },
  };
  const fetchOf = async (platformApi: PlatformApi, permissions: string[] = []) => {
    const work = new WorkPool({ keyring: Keyring.of(['k'.repeat(32)]) });
    onTestFinished(() => work.close());
    const broker = new Broker({ platformApi, outbound: openOutbound({ allowPrivateNetwork: '127.0.0.1' }), work });
    const unit = await UnitOfWork.open(createMemoryStore(), newId());
    const granted = { runId: newId(), connectorId: 'c', integrationId: newId(), unit, isTransactional: true };
    const { grant } = new OneTimeTokens().issue(granted);
    const events = { onLog: () => {}, onProgress: () => {}, onRequest: () => undefined };
    const ask = broker.createAsk(
      { connectorId: 'c', account: grant.account, own: { grant, token: 'the-token' }, permissions, trace: newTrace() },
      events,
    );
    return async (request: unknown) => {
      const text = typeof request === 'string' ? request : JSON.stringify(request);
      return JSON.parse(String(await ask.fetch(text, new AbortController().signal)));
    };
  };
  const fetchWith = async (request: unknown, permissions: string[] = []) =>
    (await fetchOf(platformApi, permissions))(request);
  const request = { url: '/v1/x', method: 'POST', headers: [], body: 'text' };

  test("to the platform carry the run's token, and no others do", async () => {
    const port = await httpServer((incoming, response) => response.end(String(incoming.headers.authorization)));
    const url = `http://127.0.0.1:${port}/`;
    expect(await fetchWith(request)).toMatchObject({ value: { body: 'ours' } });
    expect(asked).toEqual([[{ ...request, body: Buffer.from('text') }, 'the-token']]);
    expect(await fetchWith({ ...request, url }, [url])).toMatchObject({ value: { body: 'undefined' } });
    expect(asked).toHaveLength(1);
  });

  test('to the platform wait while eight are open, and a failed one frees its slot', async () => {
    const open: (() => void)[] = [];
    let most = 0;
    const slow: PlatformApi = {
      ...platformApi,
      request: async (request, from) => {
        await new Promise<void>((resolve) => {
          most = Math.max(most, open.push(resolve));
        });
        if (request.url === '/v1/fails') throw new Error('failed');
        return platformApi.request(request, from);
      },
    };
    const fetchSlow = await fetchOf(slow);
    const isFailing = (n: number): boolean => n % 3 === 0;
    const replies = Array.from({ length: 30 }, (_, n) =>
      fetchSlow({ ...request, url: isFailing(n) ? '/v1/fails' : '/v1/x' }),
    );
    let answered = 0;
    for (const reply of replies) void reply.then(() => answered++);
    await vi.waitFor(() => expect(open).toHaveLength(8));
    await vi.waitFor(
      () => {
        open.shift()?.();
        expect(answered).toBe(30);
      },
      { interval: 1, timeout: 5_000 },
    );
    expect(most).toBe(8);
    const expected = (n: number) =>
      isFailing(n) ? { error: { code: 'request_failed' } } : { value: { body: 'ours' } };
    expect(await Promise.all(replies)).toMatchObject(Array.from({ length: 30 }, (_, n) => expected(n)));
  });

  test.each([
    ['not JSON', '{'],
    ['null', null],
    ['a body of another type', { ...request, body: 1 }],
    ['another encoding', { ...request, bodyEncoding: 'hex' }],
    ['another redirect', { ...request, redirect: 'maybe' }],
    ['another method', { ...request, method: 'CONNECT' }],
    ['headers that are no pairs', { ...request, headers: [['a']] }],
    ['too many headers', { ...request, headers: Array(101).fill(['a', 'b']) }],
  ])('%s is refused', async (_what, wanted) => {
    expect(await fetchWith(wanted)).toMatchObject({ error: { code: 'invalid_request' } });
  });
});
