/** A PostgreSQL server that goes away, and comes back. */
import { expect, onTestFinished, test } from 'vitest';
import type { PostgresStores } from '../../../src/store/postgres/stores.ts';
import { newId } from '../../support/documents.ts';
import { nodeOn } from '../../support/postgres-nodes.ts';
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
