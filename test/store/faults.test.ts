/** A real server on a failing disk: its replies, what is stored afterwards, and that it recovers. */
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startApplication } from '../flow/application.ts';
import { makeFlow, runToEnd } from '../flow/scene.ts';
import { type Client, createClient, errorsOf } from '../support/client.ts';
import { folderOfFile, writeBundle } from '../support/folders.ts';
import { installed } from '../support/runtime.ts';
import { launchServer, type Server } from '../support/server.ts';
import type { Faults } from './failing-files.ts';

const TOKEN = 'the-fault-tests-token';

const other = await folderOfFile();
const faultsFile = join(other, 'faults.json');
const connectors = join(other, 'connectors');
const data = join(other, 'data');

/** Shared by all tests; each starts without integrations and with a working disk. */
let server: Server;
let client: Client;

async function start(): Promise<void> {
  server = await launchServer({
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: data,
    BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1',
    BULKHEAD_CONNECTORS: connectors,
    FAULTS_FILE: faultsFile,
    NODE_OPTIONS: `--import=${fileURLToPath(new URL('failing-files.ts', import.meta.url))}`,
  });
  client = createClient(server.url, TOKEN);
}
const fail = (faults: Faults): Promise<void> => writeFile(faultsFile, JSON.stringify(faults));
const mend = (): Promise<void> => rm(faultsFile, { force: true });
/** Kills the server, and restarts it with a working disk. */
async function restart(): Promise<Client> {
  await server.stop('SIGKILL');
  await mend();
  await start();
  return client;
}

beforeAll(start, 60_000);
afterEach(async () => {
  await mend();
  for (const { _id } of await integrationsOf(client)) {
    expect((await client('DELETE', `/integrations/${_id}?force=true&cascade=true`)).status).toBe(204);
  }
  await vi.waitFor(async () => expect(await readdir(join(data, 'integrations'))).toEqual([]), 20_000);
});
afterAll(() => server.stop('SIGKILL'));

const integrationsOf = async (client: Client): Promise<Record<string, unknown>[]> =>
  (await client('GET', '/integrations')).body;

/** Faults that prevent a durable commit: the client gets an error. */
const refused: [Faults['operation'], string, number, string][] = [
  ['write', 'ENOSPC', 507, 'store_full'],
  ['write', 'EDQUOT', 507, 'store_full'],
  ['write', 'EIO', 503, 'store_unavailable'],
  ['short write', 'ENOSPC', 507, 'store_full'],
  ['short write', 'EIO', 503, 'store_unavailable'],
];

test.each(refused)(
  'a commit whose %s fails with %s is refused, and stores nothing',
  async (operation, code, status, told) => {
    const { body: before } = await client('POST', '/integrations', { name: 'before' });
    await fail({ operation, code });
    for (const reply of [
      await client('PUT', `/integrations/${before._id}`, { name: 'lost' }),
      await client('POST', '/integrations', { name: 'lost' }),
      await client('DELETE', `/integrations/${before._id}`),
    ]) {
      expect([reply.status, errorsOf(reply)]).toEqual([status, [[told]]]);
      expect(reply.headers.has('retry-after')).toBe(status === 503);
    }
    expect(await integrationsOf(client)).toEqual([before]);
    await mend();
    const { body: after } = await client('POST', '/integrations', { name: 'after' });
    expect(await integrationsOf(client)).toEqual([before, after]);
    expect(await integrationsOf(await restart())).toEqual([before, after]);
  },
);

test('a run whose changes cannot be written is recorded as failed', async () => {
  onTestFinished(() => rm(join(connectors, 'a'), { recursive: true }));
  const own = "'/v1/integrations/' + _integrationId";
  await writeBundle(connectors, 'a', {
    code: `exports.utilities = { writes: ({ _integrationId }) => fetch(${own}, { method: 'PUT', body: '{"name":"lost"}' }).then(() => 1) }`,
  });
  await vi.waitFor(async () => expect((await client('GET', '/connectors')).body).toHaveLength(1), 15_000);
  const id = await installed(client, 'a');
  await fail({ operation: 'write', code: 'ENOSPC' });
  const reply = await client('PUT', `/integrations/${id}/utilities/writes`);
  expect([reply.status, errorsOf(reply)]).toEqual([507, [['store_full']]]);
  const [run] = (await client('GET', `/integrations/${id}/runs`)).body;
  expect(run).toMatchObject({ outcome: 'failed', errors: [{ code: 'store_full' }] });
  await mend();
  expect((await client('GET', `/integrations/${id}`)).body.name).toBe('a');
});

test('a job whose page cannot be committed fails, and runs again once there is room', async () => {
  const application = await startApplication(300);
  onTestFinished(() => application.close());
  const { body } = await client('POST', '/integrations', { name: 'own' });
  const { origin } = application;
  const response = { resourceIdPath: 'id', errorPath: 'error.message', failPath: 'error.code', failValues: ['odd'] };
  const http = { method: 'POST', relativeURI: '/batch', batchSize: 100, response };
  const { flowId } = await makeFlow(client, { origin, integrationId: body._id, import: { http } });
  application.intercept = async ({ url }, response) => {
    if (url !== '/batch') return false;
    await fail({ operation: 'write', code: 'ENOSPC' });
    const refused = { code: 'odd', message: 'not this one' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify([{ error: refused }, ...Array.from({ length: 99 }, (_, id) => ({ id }))]));
    return true;
  };
  const failed = await runToEnd(client, flowId);
  const counts = { numSuccess: 0, numError: 0, numOpenError: 0, numPagesProcessed: 0 };
  expect(failed).toMatchObject({ status: 'failed', ...counts, errors: [{ code: 'store_full' }] });
  await mend();
  application.intercept = () => false;
  expect(await runToEnd(client, flowId)).toMatchObject({ status: 'completed', numSuccess: 300 });
});

test('a refused commit stays lost after a kill, even if all but its last byte was written', async () => {
  const { body: before } = await client('POST', '/integrations', { name: 'before' });
  await fail({ operation: 'short write', code: 'EIO' });
  expect((await client('POST', '/integrations', { name: 'lost' })).status).toBe(503);
  expect(await integrationsOf(await restart())).toEqual([before]);
});

test('a short write continues with the rest', async () => {
  await fail({ operation: 'shortened write', code: '' });
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  const made = await Promise.all(names.map((name) => client('POST', '/integrations', { name })));
  expect(new Set(made.map(({ status }) => status))).toEqual(new Set([201]));
  const found = await integrationsOf(await restart());
  expect(found.map(({ name }) => name).sort()).toEqual(names.sort());
});

test('a first commit without a file descriptor for the log is refused, and the next one works', async () => {
  await restart();
  await fail({ operation: 'open', code: 'EMFILE' });
  const reply = await client('POST', '/integrations', { name: 'lost' });
  expect([reply.status, errorsOf(reply)]).toEqual([503, [['store_unavailable']]]);
  await mend();
  expect((await client('POST', '/integrations', { name: 'n' })).status).toBe(201);
});

test('a request with an idempotency key that the store refused succeeds once when repeated', async () => {
  const post = () => client('POST', '/integrations', { name: 'n' }, { 'idempotency-key': 'key' });
  await fail({ operation: 'write', code: 'EIO' });
  for (let i = 0; i < 2; i++) expect((await post()).status).toBe(503);
  await mend();
  const made = await post();
  expect(made.status).toBe(201);
  expect((await post()).body).toEqual(made.body);
  expect(await integrationsOf(client)).toEqual([made.body]);
});

/** Faults after a durable commit: it stays in the log, and `/readyz` reports it. */
const deferred: [Faults['operation'], string][] = [
  ['open', 'EMFILE'],
  ['sync', 'EIO'],
  ['rename', 'EIO'],
  ['rename', 'ENOSPC'],
];

describe.each(deferred)('while %s fails with %s', (operation, code) => {
  test('acknowledged changes stay, are reported as waiting, and reach the files once the fault is gone', async () => {
    const { body: first } = await client('POST', '/integrations', { name: 'first' });
    await vi.waitFor(
      async () => expect(await readdir(join(data, 'integrations'))).toEqual([`${first._id}.json`]),
      20_000,
    );
    await fail({ operation, code });
    const { body: second } = await client('POST', '/integrations', { name: 'second' });
    await client('DELETE', `/integrations/${first._id}`);
    const reasons = async () => (await client('GET', '/readyz')).body.reasons;
    await vi.waitFor(async () => expect(await reasons()).toEqual([expect.stringContaining(`(${code})`)]), 20_000);
    expect(await integrationsOf(client)).toEqual([second]);
    await mend();
    await vi.waitFor(async () => expect(await reasons()).toEqual([]), 20_000);
    expect(await readdir(join(data, 'integrations'))).toEqual([`${second._id}.json`]);
  });

  test('acknowledged changes survive a kill', async () => {
    const { body: first } = await client('POST', '/integrations', { name: 'first' });
    await fail({ operation, code });
    const { body: changed } = await client('PUT', `/integrations/${first._id}`, { name: 'changed' });
    const { body: second } = await client('POST', '/integrations', { name: 'second' });
    expect(await integrationsOf(await restart())).toEqual([changed, second]);
  });
});
