/** Every limit that an operator can set (contract 2, 5 and 10), from outside: at the limit, and just above it. */
import { expect, test, vi } from 'vitest';
import type { RuntimeOptions } from '../../src/index.ts';
import { type Client, errorsOf, type Reply } from '../support/client.ts';
import { connectorIdOf, installed, serve, serveForAll } from '../support/runtime.ts';
import { childrenOf } from '../support/traces.ts';

const CODE = `let calls = 0;
const waiting = (ms) => new Promise((resolve) => setTimeout(resolve, ms, 'waited'));
exports.settings = {
  size: ({ text }) => text.length,
  text: ({ length }) => 'x'.repeat(length),
  nested: ({ levels }) => { let value = 1; for (let i = 0; i < levels; i++) value = [value]; return value; },
  fails: ({ length }) => { throw new Error('x'.repeat(length)); },
  timers: ({ count }) => { for (let i = 0; i < count; i++) setTimeout(() => {}, 1e6); return count; },
  requests: async ({ count }) => {
    const all = await Promise.allSettled(Array.from({ length: count }, () => fetch('/v1/tokenInfo')));
    return all.filter(({ status }) => status === 'fulfilled').length;
  },
  waits: ({ ms }) => waiting(ms),
  count: () => ++calls,
  fills: ({ mb }) => Array.from({ length: mb }, () => new Array(131_072).fill(1.5)).length,
  crash: () => 'x'.repeat(1 << 28).split(''),
};`;

async function connected(
  options: RuntimeOptions,
  names = ['one'],
): Promise<{ client: Client; call: (name: string, body?: object, at?: number) => Promise<Reply>; ids: string[] }> {
  const { client } = await serve(Object.fromEntries(names.map((name) => [name, { code: CODE }])), options);
  const ids = await Promise.all(names.map((name) => installed(client, name)));
  const call = (name: string, body: object = {}, at = 0): Promise<Reply> =>
    client('PUT', `/integrations/${ids[at]}/settings/${name}`, body);
  return { client, call, ids };
}

/** The status, and the first error's code. */
const came = (reply: Reply): unknown[] =>
  reply.status < 400 ? [reply.status] : [reply.status, errorsOf(reply)[0]?.[0]];
const nested = (levels: number): object => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

/** Limits that do not interfere with each other. */
const narrow = serveForAll(
  { one: { code: CODE } },
  {
    runArgumentBytes: 100,
    runArgumentDepth: 7,
    runResultBytes: 100,
    runResultDepth: 7,
    runTimers: 7,
    runErrorChars: 50,
    runRequests: 7,
  },
);
async function narrowly(): Promise<(name: string, body: object) => Promise<Reply>> {
  const { client } = narrow();
  const id = await installed(client, 'one');
  return (name, body) => client('PUT', `/integrations/${id}/settings/${name}`, body);
}

test.each<[string, string, object, object, unknown[]]>([
  ["an argument's bytes", 'size', { text: 'x'.repeat(89) }, { text: 'x'.repeat(90) }, [413, 'request_too_large']],
  ["an argument's levels", 'count', nested(7), nested(8), [422, 'invalid_field']],
  ["a result's bytes", 'text', { length: 98 }, { length: 99 }, [422, 'response_size_exceeded']],
  ["a result's levels", 'nested', { levels: 7 }, { levels: 8 }, [422, 'invalid_extension_response']],
  ['timers', 'timers', { count: 7 }, { count: 8 }, [422, 'Error']],
])('%s', async (_what, name, at, above, refusal) => {
  const call = await narrowly();
  expect(came(await call(name, at))).toEqual([200]);
  expect(came(await call(name, above))).toEqual(refusal);
});

test("an error's characters: the rest is cut", async () => {
  const call = await narrowly();
  const lengths = await Promise.all(
    [49, 50, 51].map(async (length) => (await call('fails', { length })).body.errors[0].message.length),
  );
  expect(lengths).toEqual([49, 50, 50]);
});

test('open requests: more are refused, and the others answered', async () => {
  const call = await narrowly();
  expect((await call('requests', { count: 7 })).body).toBe(7);
  expect((await call('requests', { count: 9 })).body).toBe(7);
});

test('runs of one connector: the queue takes some, and more get 503', async () => {
  const { call } = await connected({ runsPerConnector: 3, queuePerConnector: 2 });
  const replies = await Promise.all(Array.from({ length: 7 }, () => call('waits', { ms: 300 })));
  const [served, refused] = [
    replies.filter(({ status }) => status === 200),
    replies.filter(({ status }) => status !== 200),
  ];
  expect([served.length, refused.length]).toEqual([5, 2]);
  for (const reply of refused) {
    expect(came(reply)).toEqual([503, 'overloaded']);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  }
});

test('all runs: one connector leaves capacity for the next', async () => {
  const { call } = await connected({ runs: 4, queuePerConnector: 0 }, ['one', 'two']);
  const crowd = Array.from({ length: 4 }, () => call('waits', { ms: 500 }));
  const refused = await Promise.race(crowd);
  expect(came(refused)).toEqual([503, 'overloaded']);
  expect(came(await call('count', {}, 1))).toEqual([200]);
  expect((await Promise.all(crowd)).filter(({ status }) => status === 200)).toHaveLength(2);
});

test('crashes per minute: past them the connector is listed as held until a run succeeds', async () => {
  const { client, call } = await connected({ crashesPerMinute: 2, runMemoryMb: 32 }, ['one', 'two']);
  const connectorId = await connectorIdOf(client, 'one');
  const listing = async () => (await client('GET', `/connectors/${connectorId}`)).body;
  for (let crash = 0; crash < 2; crash++) expect(came(await call('crash'))).toEqual([422, 'memory_limit_exceeded']);
  expect(came(await call('count'))).toEqual([200]);
  expect(await listing()).toMatchObject({ status: 'ready' });

  expect(came(await call('crash'))).toEqual([422, 'memory_limit_exceeded']);
  const held = await call('count');
  expect(came(held)).toEqual([503, 'overloaded']);
  expect(Number(held.headers.get('retry-after'))).toBe(1);
  expect(held.body.errors[0].message).toContain('calls are refused for');
  expect(await listing()).toMatchObject({ status: 'held', errors: [{ code: 'overloaded' }] });
  expect(came(await call('count', {}, 1))).toEqual([200]);

  await vi.waitFor(async () => expect(came(await call('count'))).toEqual([200]), { timeout: 5_000, interval: 100 });
  expect(await listing()).toMatchObject({ status: 'ready' });
});

test.runIf(process.platform === 'linux')(
  "a compartment's resident memory: whatever its runs were promised",
  async () => {
    const fill = async (compartmentMemoryMb: number): Promise<unknown[]> => {
      const { call } = await connected({ compartmentMemoryMb, runMemoryMb: 600, runCpuMs: 20_000 });
      const filled = came(await call('fills', { mb: 300 }));
      expect(came(await call('count'))).toEqual([200]);
      return filled;
    };
    expect(await fill(1_024)).toEqual([200]);
    expect(await fill(256)).toEqual([422, 'memory_limit_exceeded']);
  },
);

test('warm isolates: their number and age are limited', async () => {
  const none = await connected({ warmIsolates: 0 });
  expect([(await none.call('count')).body, (await none.call('count')).body]).toEqual([1, 1]);

  const kept = await connected({});
  expect([(await kept.call('count')).body, (await kept.call('count')).body]).toEqual([1, 2]);

  const short = await connected({ warmMs: 50 });
  expect((await short.call('count')).body).toBe(1);
  await short.client('PUT', `/integrations/${await installed(short.client, 'one')}/settings/waits`, { ms: 100 });
  expect((await short.call('count')).body).toBe(1);
});

test.runIf(process.platform === 'linux')('compartments: a maximum, and none when idle', async () => {
  const mine = new Set(await childrenOf(process.pid));
  const processes = async (): Promise<number[]> => (await childrenOf(process.pid)).filter((pid) => !mine.has(pid));
  const names = ['one', 'two', 'three', 'four'];
  const { call } = await connected({ compartments: 2, compartmentIdleMs: 300 }, names);
  const replies = await Promise.all(names.map((_name, at) => call('waits', { ms: 100 }, at)));
  expect(replies.map(({ body }) => body)).toEqual(Array(4).fill('waited'));
  // And the spare one.
  await vi.waitFor(async () => expect((await processes()).length).toBeLessThanOrEqual(3), { timeout: 5_000 });
  await vi.waitFor(async () => expect(await processes()).toHaveLength(0), { timeout: 15_000 });
  expect(came(await call('count'))).toEqual([200]);
});
