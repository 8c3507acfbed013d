/** `Idempotency-Key` (contract 3): a repeated request takes effect once. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import { recordKinds } from '../../src/store/stored.ts';
import { type Client, createClient, errorsOf, type Reply } from '../support/client.ts';
import { testOfDataFolder } from '../support/engine.ts';
import { emptyDatabase } from '../support/postgres-nodes.ts';
import { connectorIdOf, installed, type Served, serve, TOKEN } from '../support/runtime.ts';
import { startServer } from '../support/server.ts';

const CODE = `exports.installer = {
  async begin({ tag, _integrationId }) {
    if (tag === 'fails') throw Object.assign(new Error('no'), { code: 'E_MINE' });
    if (tag === 'waits') await new Promise((resolve) => setTimeout(resolve, 500));
    if (tag === 'waits long') await new Promise((resolve) => setTimeout(resolve, 3_000));
    if (tag === 'never') await new Promise(() => setTimeout(() => {}, 600000));
    if (tag === 'crashes') for (;;) Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
  },
};`;
const connector = { installerFunction: 'begin' };

let served: Served;
let client: Client;
let install: string;

/** Without a connector: most tests need none. */
async function start(bundles: Parameters<typeof serve>[0] = {}): Promise<void> {
  served = await serve(bundles);
  client = served.client;
}

async function startWithConnector(): Promise<void> {
  await start({ one: { connector, code: CODE } });
  install = `/integrations/${await connectorIdOf(client, 'one')}/install`;
}

const post = (path: string, body: unknown, key: string): Promise<Reply> =>
  client('POST', path, body, { 'idempotency-key': key });
const count = async (path = '/integrations'): Promise<number> => (await client('GET', path)).body.length;
const essence = ({ status, headers, body }: Reply) => ({
  status,
  body,
  headers: ['etag', 'location', 'bulkhead-run-id', 'content-type'].map((name) => headers.get(name)),
});

test('the same key and body get the first reply again: for an integration, an install and every kind of record', async () => {
  await startWithConnector();
  const _integrationId = (await client('POST', '/integrations', { name: 'mine' })).body._id;
  const requests: [string, object][] = [
    ['/integrations', { name: 'größe', settings: { a: [1, null] } }],
    [install, { tag: 'eu' }],
    ...recordKinds.map((kind): [string, object] => [
      `/${kind}`,
      { name: 'n', _integrationId, http: { auth: { password: 'geheim' } } },
    ]),
  ];
  for (const [path, body] of requests) {
    const first = await post(path, body, 'a key-1'.replace(' ', ':'));
    const again = await post(`/v1${path}`, body, '"a:key-1"');
    expect(first.status, path).toBeLessThan(300);
    expect(essence(again), path).toEqual(essence(first));
    expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect((await client('GET', new URL(again.headers.get('location') as string).pathname)).body).toEqual(first.body);
  }
  expect(await count()).toBe(3);
  for (const kind of recordKinds) expect(await count(`/${kind}`)).toBe(1);
  for (const name of await readdir(served.data)) expect(name).not.toContain('geheim');
});

test('without a key, or with another key, each request takes effect', async () => {
  await start();
  for (const key of ['a', 'b']) await post('/integrations', { name: 'n' }, key);
  for (let i = 0; i < 2; i++) await client('POST', '/integrations', { name: 'n' });
  expect(await count()).toBe(4);
});

test('the same key with another body is refused; on another route it is another key', async () => {
  await startWithConnector();
  const first = await post('/integrations', { name: 'n' }, 'key');
  const other = await post('/integrations', { name: 'm' }, 'key');
  expect([other.status, errorsOf(other)]).toEqual([422, [['idempotency_mismatch']]]);
  expect(await count()).toBe(1);
  expect((await post(install, { name: 'n' }, 'key')).body._id).not.toBe(first.body._id);
  expect(await count()).toBe(2);
});

test.each(['', '""', 'with space', 'a, b', '"open', 'ä', 'a"b', 'a;b', 'x'.repeat(256)])(
  'a key that is none: %j',
  async (key) => {
    await start();
    const bytes = Buffer.from(key).toString('latin1');
    const reply = await post('/integrations', { name: 'n' }, bytes);
    expect([reply.status, errorsOf(reply)]).toEqual([400, [['bad_request']]]);
    expect(await count()).toBe(0);
  },
);

test('of two requests at once one gets 409, and the reply of the other afterwards', async () => {
  await startWithConnector();
  const both = await Promise.all([1, 2].map(() => post(install, { tag: 'waits' }, 'key')));
  const [reply, refused] = both.toSorted((a, b) => a.status - b.status) as [Reply, Reply];
  expect([reply.status, refused.status, errorsOf(refused)]).toEqual([200, 409, [['conflict']]]);
  expect(essence(await post(install, { tag: 'waits' }, 'key'))).toEqual(essence(reply));
  expect(await count()).toBe(1);
});

test('on two nodes a request takes effect once: the other gets 409 meanwhile, and the reply afterwards', async () => {
  const store = await emptyDatabase();
  const bundles = { one: { connector, code: CODE } };
  const nodes = await Promise.all(['one', 'two'].map((node) => serve(bundles, { store, node })));
  const [{ client: one }, { client: two }] = nodes as [Served, Served];
  const path = `/integrations/${await connectorIdOf(one, 'one')}/install`;
  const ask = (node: Client): Promise<Reply> => node('POST', path, { tag: 'waits long' }, { 'idempotency-key': 'key' });
  const first = ask(one);
  const isRunning = async (): Promise<void> =>
    expect((await one('GET', '/metrics')).text).toMatch(/^bulkhead_runs_in_flight 1$/m);
  await vi.waitFor(isRunning, { timeout: 20_000, interval: 10 });
  const refused = await ask(two);
  expect([refused.status, errorsOf(refused)]).toEqual([409, [['conflict']]]);
  const { status, text } = await first;
  expect(status).toBe(200);
  for (const node of [two, one]) {
    const replayed = await ask(node);
    expect([replayed.status, replayed.text, replayed.headers.has('idempotent-replayed')]).toEqual([200, text, true]);
  }
  expect((await one('GET', '/integrations')).body).toHaveLength(1);
});

test('twenty concurrent requests take effect once', async () => {
  await start();
  const replies = await Promise.all(Array.from({ length: 20 }, () => post('/integrations', { name: 'n' }, 'key')));
  const statuses = replies.map(({ status }) => status);
  expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
  expect(await count()).toBe(1);
});

test('a refusal is stored; a reply worth retrying is not', async () => {
  await startWithConnector();
  const wrong = await post('/integrations', {}, 'wrong');
  expect(essence(await post('/integrations', {}, 'wrong'))).toEqual(essence(wrong));
  const failed = await post(install, { tag: 'fails' }, 'fails');
  expect([failed.status, errorsOf(failed)]).toEqual([422, [['E_MINE']]]);
  const again = await post(install, { tag: 'fails' }, 'fails');
  expect(essence(again)).toEqual(essence(failed));
  expect(again.headers.get('bulkhead-run-id')).toBe(failed.headers.get('bulkhead-run-id'));

  // From 500 on: the store takes nothing for a while.
  await served.runtime.close();
  const { client: busy } = await serve(
    { one: { connector, code: CODE } },
    { runsPerConnector: 1, queuePerConnector: 0 },
  );
  const path = `/integrations/${await connectorIdOf(busy, 'one')}/install`;
  const waiting = busy('POST', path, { tag: 'waits' });
  const overloaded = async (): Promise<void> => {
    const reply = await busy('POST', path, {}, { 'idempotency-key': 'later' });
    expect([reply.status, errorsOf(reply)]).toEqual([503, [['overloaded']]]);
  };
  await Promise.all([overloaded(), waiting]);
  expect((await busy('POST', path, {}, { 'idempotency-key': 'later' })).status).toBe(200);
});

test('what was created and deleted is not created again', async () => {
  await start();
  const first = await post('/integrations', { name: 'n' }, 'key');
  await client('DELETE', `/integrations/${first.body._id}`);
  expect(essence(await post('/integrations', { name: 'n' }, 'key'))).toEqual(essence(first));
  expect(await count()).toBe(0);
});

testOfDataFolder('keys survive a restart; a damaged file of keys harms nothing else', async () => {
  await start();
  const first = await post('/integrations', { name: 'x' }, 'key');
  await served.runtime.close();
  const options = { data: served.data, connectors: served.connectors };
  served = await serve({}, options);
  client = served.client;
  expect((await post('/integrations', { name: 'x' }, 'key')).body).toEqual(first.body);
  expect(await count()).toBe(1);
  await served.runtime.close();
  for (const suffix of ['-wal', '-shm']) await rm(join(served.data, `bulkhead.sqlite${suffix}`), { force: true });
  await writeFile(join(served.data, 'bulkhead.sqlite'), 'no database, whatever it may once have been'.repeat(100));
  served = await serve({}, options);
  client = served.client;
  expect(await count()).toBe(1);
  expect((await post('/integrations', { name: 'n' }, 'key')).status).toBe(201);
  expect((await readdir(served.data)).some((name) => /^bulkhead\.sqlite\..*\.damaged$/.test(name))).toBe(true);
});

test('requests of runs ignore the key', async () => {
  const code = `exports.utilities = { async twice({ _integrationId }) {
    const ids = [];
    for (let i = 0; i < 2; i++) {
      const body = JSON.stringify({ name: 'n' });
      const reply = await fetch('/v1/connections', { method: 'POST', headers: { 'Idempotency-Key': 'key' }, body });
      ids.push((await reply.json())._id);
    }
    return ids;
  } };`;
  await start({ two: { code } });
  const id = await installed(client, 'two');
  const { body } = await client('PUT', `/integrations/${id}/utilities/twice`);
  expect(new Set(body).size).toBe(2);
});

describe('a process that is killed', () => {
  const key = { 'idempotency-key': 'key' };

  testOfDataFolder('between the change and its reply: the reply is made from what is stored', async () => {
    await start();
    await served.runtime.close();
    const server = await startServer({
      BULKHEAD_TOKEN: TOKEN,
      BULKHEAD_DATA: served.data,
      BULKHEAD_CONNECTORS: served.connectors,
    });
    client = createClient(server.url, TOKEN);
    const first = await client('POST', '/integrations', { name: 'n' }, key);
    expect((await server.stop('SIGKILL')).signal).toBe('SIGKILL');
    // As if it had come no further than the store.
    const database = new DatabaseSync(join(served.data, 'bulkhead.sqlite'));
    database.exec('UPDATE replies SET reply = NULL');
    database.close();

    const { client: next } = await serve({}, { data: served.data, connectors: served.connectors });
    const again = await next('POST', '/integrations', { name: 'n' }, key);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect([again.status, again.body, again.headers.get('etag')]).toEqual([201, first.body, first.headers.get('etag')]);
    expect((await next('GET', '/integrations')).body).toHaveLength(1);
  });

  test('in the middle of an install: nothing is left, and the key is free again', async () => {
    await startWithConnector();
    await served.runtime.close();
    const environment = { BULKHEAD_TOKEN: TOKEN, BULKHEAD_DATA: served.data, BULKHEAD_CONNECTORS: served.connectors };
    const server = await startServer(environment);
    client = createClient(server.url, TOKEN);
    const cutOff = client('POST', install, { tag: 'never' }, key).catch((error: unknown) => error);
    const isGoing = async (): Promise<void> =>
      expect((await client('GET', '/metrics')).text).toMatch(/^bulkhead_runs_in_flight 1$/m);
    await vi.waitFor(isGoing, { timeout: 20_000, interval: 20 });
    expect(errorsOf(await client('POST', install, { tag: 'never' }, key))).toEqual([['conflict']]);
    await server.stop('SIGKILL');
    expect(await cutOff).toBeInstanceOf(Error);
    const { client: next } = await serve({}, { data: served.data, connectors: served.connectors });
    expect((await next('GET', '/integrations')).body).toEqual([]);
    expect((await next('POST', install, { tag: 'other' }, key)).status).toBe(200);
    expect((await next('POST', install, { tag: 'other' }, key)).headers.get('idempotent-replayed')).toBe('true');
    expect((await next('GET', '/integrations')).body).toHaveLength(1);
  });

  test('at any moment, with retries until it answers: everything took effect once', { timeout: 120_000 }, async () => {
    await start();
    await served.runtime.close();
    const environment = { BULKHEAD_TOKEN: TOKEN, BULKHEAD_DATA: served.data, BULKHEAD_CONNECTORS: served.connectors };
    const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`);
    const answers = new Map<string, string>();
    for (let round = 0; round < 6; round++) {
      const server = await startServer(environment);
      const ask = createClient(server.url, TOKEN);
      const work = keys.map(async (name) => {
        const reply = await ask('POST', '/integrations', { name }, { 'idempotency-key': name });
        const known = answers.get(name);
        if (known !== undefined) expect(reply.body._id).toBe(known);
        expect(reply.body.name).toBe(name);
        answers.set(name, reply.body._id);
      });
      // Killed when some have been answered and others have not.
      if (round < 5) {
        await Promise.race(work);
        await server.stop('SIGKILL');
        for (const { reason } of (await Promise.allSettled(work)).filter((each) => each.status === 'rejected')) {
          expect(reason).toBeInstanceOf(TypeError);
        }
        continue;
      }
      await Promise.all(work);
      const names = (await ask('GET', '/integrations')).body.map(({ name }: { name: string }) => name);
      expect(names.sort()).toEqual([...keys].sort());
    }
  });
});
