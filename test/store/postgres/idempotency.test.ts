/** Idempotency keys of several nodes on one PostgreSQL database. */
import { expect, test } from 'vitest';
import type { PostgresIdempotencyStore } from '../../../src/store/postgres/idempotency-store.ts';
import { newDatabase, nodeOn, rowsOf } from '../../support/postgres-nodes.ts';

const creation = { kind: 'integrations', id: 'a'.repeat(24), status: 201 };
const request = { request: 'digest', creation };
const reply = { status: 201, headers: {}, body: '{}' };

const keysOn = async (url: string, node: string, now?: () => number): Promise<PostgresIdempotencyStore> =>
  (await nodeOn(url, { node, now })).idempotency;

async function twoNodes(now?: () => number): Promise<[PostgresIdempotencyStore, PostgresIdempotencyStore]> {
  const url = await newDatabase();
  return [await keysOn(url, 'one', now), await keysOn(url, 'two', now)];
}

test('of many requests on two nodes with one key, one begins, also when the key has expired', async () => {
  let now = 1_000_000;
  const nodes = await twoNodes(() => now);
  for (let round = 0; round < 3; round++) {
    const begun = await Promise.all(Array.from({ length: 50 }, (_, i) => nodes[i % 2 ? 1 : 0].begin('k', request)));
    expect(begun.filter(Boolean)).toHaveLength(1);
    now += 24 * 3_600_000;
  }
});

test("a request that runs on another node is that node's alone", async () => {
  const [one, two] = await twoNodes();
  await one.begin('k', request);
  expect(await one.find('k')).toEqual(request);
  expect(await two.find('k')).toEqual({ ...request, isRunningElsewhere: true });
  expect(await two.unfinished()).toEqual([]);
  await two.drop('k');
  await two.finish('k', { ...reply, status: 500 });
  expect(await one.find('k')).toEqual(request);
  await one.finish('k', reply);
  expect(await two.find('k')).toEqual({ ...request, reply });
});

test("a dead node's requests are adopted, each by one node", async () => {
  const url = await newDatabase();
  const [dead, one, two] = [await keysOn(url, 'dead'), await keysOn(url, 'one'), await keysOn(url, 'two')];
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
  for (const key of keys) await dead.begin(key, request);
  await dead.begin('finished', request);
  await dead.finish('finished', reply);
  await one.begin('own', request);
  const adopted = (await Promise.all([one.adopt('dead'), two.adopt('dead')])).flat();
  expect(adopted.map(({ key }) => key).sort()).toEqual(keys.toSorted());
  expect(adopted[0]?.creation).toEqual(creation);
  expect([await dead.unfinished(), await one.adopt('dead')]).toEqual([[], []]);
  // The dead node comes back, too late.
  await dead.finish('k0', { ...reply, status: 500 });
  expect((await dead.find('k0'))?.reply).toBeUndefined();
});

test("a node's clock does not decide when a key expires", async () => {
  const url = await newDatabase();
  const keys = await keysOn(url, 'one');
  await keys.begin('k', request);
  const [row] = await rowsOf(
    url,
    `SELECT abs(at - extract(epoch FROM now()) * 1000) < 60000 AS "isNow" FROM bulkhead.idempotency_keys`,
  );
  expect(row).toEqual({ isNow: true });
  await rowsOf(url, `UPDATE bulkhead.idempotency_keys SET at = at - ${24 * 3_600_000 - 60_000}`);
  expect(await keys.find('k')).toEqual(request);
  await rowsOf(url, `UPDATE bulkhead.idempotency_keys SET at = at - 60001`);
  expect(await keys.find('k')).toBeUndefined();
});

test('the newest ten thousand keys are stored; expired ones go', async () => {
  const url = await newDatabase();
  const [one, two] = [await keysOn(url, 'one'), await keysOn(url, 'two')];
  const insert = (name: string, count: number, at: string, status = '200'): Promise<unknown> =>
    rowsOf(
      url,
      `INSERT INTO bulkhead.idempotency_keys (key, node, request, creation, at, status)
      SELECT '${name}' || i, 'one', '', '{}', ${at} + i, ${status} FROM generate_series(1, ${count}) AS i`,
    );
  await insert('expired', 100, '0', 'NULL');
  await insert('old', 500, '(extract(epoch FROM now()) * 1000)::bigint - 3600000');
  await insert('new', 9_998, '(extract(epoch FROM now()) * 1000)::bigint - 60000');
  for (const keys of [one, two]) await keys.begin(keys === one ? 'k1' : 'k2', request);
  const large = { ...reply, body: 'x'.repeat(8 * 1024 * 1024) };
  await Promise.all([one.finish('k1', large), two.finish('k2', large)]);
  const counts = `SELECT rtrim(key, '0123456789') AS name, count(*)::int FROM bulkhead.idempotency_keys GROUP BY 1 ORDER BY 1`;
  expect(await rowsOf(url, counts)).toEqual([
    { name: 'k', count: 2 },
    { name: 'new', count: 9_998 },
  ]);
});
