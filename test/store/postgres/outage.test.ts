/** A PostgreSQL server that goes away, and comes back. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { Database } from '../../../src/store/postgres/database.ts';
import type { PostgresStores } from '../../../src/store/postgres/stores.ts';
import { newId } from '../../support/documents.ts';
import { nodeOn, rowsOf } from '../../support/postgres-nodes.ts';
import { PostgresServer } from '../../support/postgres-server.ts';

const id = newId();
const run = { _id: newId(), _integrationId: id };
const creation = { kind: 'integrations', id, status: 201 };
const HASH = 'a'.repeat(64);
const digest = `sha256-${HASH}`;

const operations: Readonly<Record<string, (stores: PostgresStores) => Promise<unknown>>> = {
  'runs.write': ({ runs }) => runs.write({ ended: [[run]] }),
  'runs.idsOf': ({ runs }) => runs.idsOf(id),
  'runs.forget': ({ runs }) => runs.forget(newId()),
  'idempotency.begin': ({ idempotency }) => idempotency.begin('k', { request: 'r', creation }),
  'idempotency.find': ({ idempotency }) => idempotency.find('k'),
  'idempotency.finish': ({ idempotency }) => idempotency.finish('k', { status: 201, headers: {}, body: '{}' }),
  'permissions.put': ({ permissions }) => permissions.put({ _id: id }),
  'permissions.all': ({ permissions }) => permissions.all(),
  'tokens.ensureAdminTokenHash': ({ tokens }) => tokens.ensureAdminTokenHash(HASH),
  'bundles.write': ({ bundles }) => bundles.write(id, digest, Buffer.from('tarball')),
  'bundles.read': ({ bundles }) => bundles.read(id, digest),
};

test('without the database everything is store_unavailable; with it again, the same stores work', async () => {
  const server = await PostgresServer.start('fsync=off');
  onTestFinished(() => server.remove());
  const stores = await nodeOn(await server.createDatabase(), { node: 'one' });
  for (const work of Object.values(operations)) await work(stores);
  await server.stop();
  for (const [name, work] of Object.entries(operations)) {
    await expect(work(stores), name).rejects.toMatchObject({ name: 'StoreError', code: 'store_unavailable' });
  }
  await server.resume();
  for (const work of Object.values(operations)) await work(stores);
  expect(await stores.runs.idsOf(id)).toEqual([run._id]);
});

test('what is durable survives the death of the server right after it', async () => {
  const server = await PostgresServer.start('fsync=off');
  onTestFinished(() => server.remove());
  const { idempotency, permissions, tokens } = await nodeOn(await server.createDatabase(), { node: 'one' });
  const diesAfter = async (write: Promise<unknown>): Promise<void> => {
    await write;
    await server.kill();
    await server.resume();
  };
  await diesAfter(idempotency.begin('k', { request: 'r', creation }));
  expect(await idempotency.unfinished()).toEqual([{ key: 'k', creation }]);
  await diesAfter(permissions.put({ _id: id }));
  expect(await permissions.all()).toEqual([{ connectorId: id, record: { _id: id } }]);
  await diesAfter(tokens.ensureAdminTokenHash(HASH));
  expect(await tokens.adminTokenHash()).toBe(HASH);
});

test('the server dies within a transaction, between two statements and within one: a rejection, and nothing else', async () => {
  const server = await PostgresServer.start('fsync=off');
  onTestFinished(() => server.remove());
  const url = await server.createDatabase();
  const database = await Database.open(url);
  onTestFinished(() => database.close());
  const sleepers = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(%'";
  const statement = database.transaction((query) => query({ text: 'SELECT pg_sleep(60)' }));
  const killed = Promise.withResolvers<void>();
  const between = database.transaction(async (query) => {
    await query({ text: 'SELECT 1' });
    await killed.promise;
    return query({ text: 'SELECT 2' });
  });
  const settled = Promise.allSettled([statement, between]);
  await vi.waitFor(async () => expect(await rowsOf(url, sleepers)).toHaveLength(1));
  await server.kill();
  killed.resolve();
  for (const each of await settled) {
    expect(each).toMatchObject({ status: 'rejected', reason: { code: 'store_unavailable' } });
  }
  await server.resume();
  expect(await database.transaction((query) => query({ text: 'SELECT 1 AS one' }))).toEqual([{ one: 1 }]);
});
