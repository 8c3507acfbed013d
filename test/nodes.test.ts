/** Several nodes on one database, each a process of its own (contract 13). */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { tarballOf } from '../src/connector/tarball.ts';
import { createClient, errorsOf } from './support/client.ts';
import { openEvents } from './support/events.ts';
import { type BundleText, writeBundle } from './support/folders.ts';
import { install, type Node, shownBy, startNode, startNodes, TOKEN } from './support/nodes.ts';
import { emptyDatabase } from './support/postgres-nodes.ts';
import { PostgresServer } from './support/postgres-server.ts';

const CODE = `
  exports.installer = { update: () => new Promise((resolve) => setTimeout(resolve, 60_000)) };
  exports.settings = {
    echo: (options) => options,
    tokenOf: ({ bearerToken }) => new Promise((resolve) => setTimeout(() => resolve({ bearerToken }), 20_000)),
    async write({ _integrationId, n }) {
      const reply = await fetch('/v1/integrations/' + _integrationId + '/state/n', { method: 'PUT', body: JSON.stringify(n) });
      return { status: reply.status };
    },
  };
  exports.utilities = { stay: () => new Promise((resolve) => setTimeout(resolve, 60_000)) };`;

const bundle: BundleText = { connector: { updateFunction: 'update' }, code: CODE };
const nodesOn = (store: string, names: readonly string[]): Promise<Node[]> => startNodes(store, names, bundle);

test('what one node has acknowledged the other shows: records, lists, runs and what runs write', async () => {
  const [one, two] = (await nodesOn(await emptyDatabase(), ['one', 'two'])) as [Node, Node];
  const { id } = await install(one);
  expect((await two.client('GET', `/integrations/${id}`)).body).toEqual(
    (await one.client('GET', `/integrations/${id}`)).body,
  );
  for (let n = 0; n < 10; n++) {
    const [writer, reader] = n % 2 === 0 ? [one, two] : [two, one];
    expect((await writer.client('PUT', `/integrations/${id}/settings/write`, { n })).body).toEqual({ status: 200 });
    expect((await reader.client('GET', `/integrations/${id}/state/n`)).body).toBe(n);
  }
  const flow = (await one.client('POST', '/flows', { _integrationId: id, name: 'größe \ud800' })).body;
  expect((await two.client('GET', '/flows')).body).toEqual([flow]);
  expect((await two.client('GET', `/flows/${flow._id}`)).body).toEqual(flow);
  const called = await one.client('PUT', `/integrations/${id}/settings/echo`, {});
  const runId = called.headers.get('bulkhead-run-id');
  await vi.waitFor(async () => {
    expect((await two.client('GET', `/integrations/${id}/runs/${runId}`)).body.outcome).toBe('succeeded');
  });
  const same = { 'idempotency-key': 'k' };
  const made = await one.client('POST', '/integrations', { name: 'once' }, same);
  expect((await two.client('POST', '/integrations', { name: 'once' }, same)).body).toEqual(made.body);
});

test('an access token is known to all nodes at once, and revoked or limited on all at once; one audit log has it all', async () => {
  const [one, two] = (await nodesOn(await emptyDatabase(), ['one', 'two'])) as [Node, Node];
  const { body: integration } = await one.client('POST', '/integrations', { name: 'n' });
  for (let n = 0; n < 20; n++) {
    const [here, there] = n % 2 === 0 ? [one, two] : [two, one];
    const { body } = await here.client('POST', '/accesstokens', { name: `t${n}`, scope: 'full' });
    const as = createClient(there.server.url, body.token);
    expect((await as('GET', '/audit')).status).toBe(200);
    const limited = { name: `t${n}`, scope: 'integrations', _integrationIds: [integration._id] };
    await here.client('PUT', `/accesstokens/${body._id}`, limited);
    expect((await as('GET', '/audit')).status).toBe(403);
    expect((await as('GET', `/integrations/${integration._id}`)).status).toBe(200);
    await here.client('DELETE', `/accesstokens/${body._id}`);
    expect(errorsOf(await as('GET', `/integrations/${integration._id}`))).toEqual([['unauthorized']]);
  }
  const { body } = await one.client('POST', '/accesstokens', { name: 'n', scope: 'read' });
  const events = await openEvents(two.server.url, body.token);
  await one.client('DELETE', `/accesstokens/${body._id}`);
  await one.client('PUT', `/integrations/${integration._id}`, { name: 'after' });
  await events.ended;
  expect(events.all).toEqual([]);
  const logs = [await one.client('GET', '/audit'), await two.client('GET', '/audit')];
  expect(logs[0]?.body).toHaveLength(1 + 20 * 3 + 2 + 1);
  expect(logs[1]?.body).toEqual(logs[0]?.body);
});

describe('bundles', () => {
  const version = (number: string, more: object = {}): BundleText => ({
    ...bundle,
    manifest: { version: number },
    connector: { ...bundle.connector, ...more },
  });
  /** Contract 13: within 2 s. Wider, because other tests share the machine. */
  const within = { timeout: 10_000, interval: 50 };

  test('what is dropped, changed and removed on one node is on all within 2 s, also on nodes that come later', async () => {
    const url = await emptyDatabase();
    const [one, two] = (await nodesOn(url, ['one', 'two'])) as [Node, Node];
    await writeBundle(two.connectors, 'a', version('1.1.0'));
    await vi.waitFor(async () => expect(await shownBy(one)).toEqual([['a', '1.1.0', 'ready']]), within);
    const three = await startNode(url, 'three');
    expect(await shownBy(three)).toEqual([['a', '1.1.0', 'ready']]);
    await rm(join(one.connectors, 'a'), { recursive: true });
    for (const node of [two, three]) await vi.waitFor(async () => expect(await shownBy(node)).toEqual([]), within);
    await writeBundle(three.connectors, 'a', version('1.2.0'));
    for (const node of [one, two]) {
      await vi.waitFor(async () => expect(await shownBy(node)).toEqual([['a', '1.2.0', 'ready']]), within);
    }
  });

  test('what changed in the folder of a node while it was down is not lost, and neither is what others changed', async () => {
    const url = await emptyDatabase();
    const [one, two] = (await nodesOn(url, ['one', 'two'])) as [Node, Node];
    await writeBundle(one.connectors, 'b', { code: CODE });
    await vi.waitFor(async () => expect(await shownBy(two)).toHaveLength(2), within);
    await two.server.stop('SIGTERM');
    await writeBundle(two.connectors, 'a', version('2.0.0'));
    await writeBundle(one.connectors, 'b', { code: CODE, manifest: { version: '3.0.0' } });
    await vi.waitFor(async () => expect((await shownBy(one))[1]).toEqual(['b', '3.0.0', 'ready']), within);
    const again = await startNode(url, 'two', { home: two.home });
    for (const node of [again, one]) {
      await vi.waitFor(async () => {
        expect(await shownBy(node)).toEqual([
          ['a', '2.0.0', 'ready'],
          ['b', '3.0.0', 'ready'],
        ]);
      }, within);
    }
  });

  test('an upload and an approval on one node serve on the other', async () => {
    const url = await emptyDatabase();
    const [one, two] = await Promise.all([startNode(url, 'one'), startNode(url, 'two')]);
    const packed = (number: string, fetch: readonly string[]): Promise<Buffer> =>
      tarballOf(
        new Map([
          ['index.js', Buffer.from(CODE)],
          [
            'package.json',
            Buffer.from(
              JSON.stringify({ name: 'u', version: number, main: 'index.js', connector: { permissions: { fetch } } }),
            ),
          ],
        ]),
      );
    const upload = async (node: Node, tarball: Buffer) =>
      node.client('PUT', '/connectors', tarball, { 'content-type': 'application/gzip' });
    expect((await upload(one, await packed('1.0.0', []))).status).toBe(201);
    await vi.waitFor(async () => expect(await shownBy(two)).toEqual([['u', '1.0.0', 'ready']]), within);
    expect((await upload(two, await packed('2.0.0', ['https://example.com']))).status).toBe(200);
    const [row] = (await two.client('GET', '/connectors')).body;
    await vi.waitFor(
      async () => expect((await one.client('GET', '/connectors')).body[0].pending).toEqual(row.pending),
      within,
    );
    expect((await one.client('POST', `/connectors/${row._id}/approve`, { digest: row.pending.digest })).status).toBe(
      200,
    );
    for (const node of [one, two]) {
      await vi.waitFor(
        async () =>
          expect((await node.client('GET', '/connectors')).body[0]).toMatchObject({
            version: '2.0.0',
            status: 'ready',
          }),
        within,
      );
    }
    expect((await two.client('DELETE', `/connectors/${row._id}`)).status).toBe(204);
    await vi.waitFor(async () => expect(await shownBy(one)).toEqual([]), within);
  });
});

test('an update on one node excludes settings and updates on the other, and ends with its node', async () => {
  const [one, two] = (await nodesOn(await emptyDatabase(), ['one', 'two'])) as [Node, Node];
  const { id, connectorId } = await install(one);
  const update = ({ client }: Node) => client('PUT', `/connectors/${connectorId}/update`, { _integrationIds: [id] });
  const shown = async ({ client }: Node) => (await client('GET', `/integrations/${id}`)).body.updateInProgress;
  const updating = update(one).catch(() => 'the node is gone');
  await vi.waitFor(async () => expect(await shown(two)).toBe(true));
  expect(errorsOf(await two.client('PUT', `/integrations/${id}/settings/echo`, {}))).toEqual([['update_in_progress']]);
  expect((await update(two)).body.errors[0].code).toBe('update_in_progress');
  await one.server.stop('SIGKILL');
  expect(await updating).toBe('the node is gone');
  await vi.waitFor(async () => expect(await shown(two)).toBe(false), { timeout: 12_000, interval: 200 });
  expect((await two.client('PUT', `/integrations/${id}/settings/echo`, {})).status).toBe(200);
});

test('the runs of a killed node are listed as cut off', async () => {
  const [one, two] = (await nodesOn(await emptyDatabase(), ['one', 'two'])) as [Node, Node];
  const { id } = await install(one);
  const begun = await one.client('PUT', `/integrations/${id}/utilities/stay`, {}, { prefer: 'respond-async' });
  const { _id: runId } = begun.body;
  const run = () => two.client('GET', `/integrations/${id}/runs/${runId}`);
  expect((await run()).body.outcome).toBe('running');
  await one.server.stop('SIGKILL');
  await vi.waitFor(async () => expect((await run()).body.outcome).toBe('cut_off'), { timeout: 12_000, interval: 200 });
});

test("a run's token is refused on another node: 421", async () => {
  const [one, two] = (await nodesOn(await emptyDatabase(), ['one', 'two'])) as [Node, Node];
  const { id } = await install(one);
  const token = new Promise<string>((resolve) => {
    void one.client('PUT', `/integrations/${id}/settings/echo`, {}).then(({ body }) => resolve(body.bearerToken));
  });
  // The run is over, which its own node knows.
  const headers = { authorization: `Bearer ${await token}` };
  await vi.waitFor(async () => {
    expect(errorsOf(await two.client('GET', `/integrations/${id}`, undefined, headers))).toEqual([['run_elsewhere']]);
  }, 5_000);
  expect((await one.client('GET', `/integrations/${id}`, undefined, headers)).status).toBe(401);
  const forged = { authorization: `Bearer ${'0'.repeat(24)}.00000000-0` };
  expect((await two.client('GET', `/integrations/${id}`, undefined, forged)).status).toBe(401);
});

test('events of all nodes come to followers on any, in order, and those of one outage are not lost', async () => {
  const database = await PostgresServer.start('fsync=off');
  onTestFinished(() => database.remove());
  const [one, two] = (await nodesOn(await database.createDatabase(), ['one', 'two'])) as [Node, Node];
  const { id } = await install(one);
  const events = await openEvents(two.server.url, TOKEN, { query: `?_integrationId=${id}` });
  const seen = (): string[] => events.all.map(({ name }) => name);
  // The other node hears at once that somebody follows; until then it does not write its events.
  let n = 0;
  const write = ({ client }: Node) => client('PUT', `/integrations/${id}/state/n`, ++n);
  await vi.waitFor(async () => {
    await write(one);
    expect(seen()).toContain('integration.changed');
  }, 5_000);
  await one.client('POST', '/flows', { _integrationId: id, name: 'the last of them' });
  await vi.waitFor(() => expect(events.all.at(-1)?.data.changed).toEqual(['flows']), 5_000);
  events.all.length = 0;
  const { headers } = await one.client('PUT', `/integrations/${id}/settings/write`, { n: 'größe' });
  await write(two);
  await vi.waitFor(() => expect(seen()).toEqual(expect.arrayContaining(['run.started', 'run.ended'])));
  // The reply to a write may be here before its event.
  await vi.waitFor(() => expect(seen().filter((name) => name === 'integration.changed')).toHaveLength(2));
  const ofRun = events.all.filter(({ data }) => data.runId === headers.get('bulkhead-run-id')).map(({ name }) => name);
  expect(ofRun).toEqual(['run.started', 'run.ended']);
  await database.kill();
  await database.resume();
  events.all.length = 0;
  await vi.waitFor(async () => expect((await write(one)).status).toBeLessThan(300), 5_000);
  await vi.waitFor(() => expect(seen()).toContain('integration.changed'), 5_000);
  await one.server.stop('SIGKILL');
  await vi.waitFor(() => expect(seen()).toContain('reset'), { timeout: 12_000, interval: 100 });
});

test('while the database is gone requests are refused, and served again once it is back', async () => {
  const database = await PostgresServer.start('fsync=off');
  onTestFinished(() => database.remove());
  const [node] = (await nodesOn(await database.createDatabase(), ['one'])) as [Node];
  const { id } = await install(node);
  const status = async (method: string, path: string) =>
    (await node.client(method, path, method === 'GET' ? undefined : {})).status;
  await database.kill();
  expect(errorsOf(await node.client('GET', `/integrations/${id}`))).toEqual([['store_unavailable']]);
  expect(await status('PUT', `/integrations/${id}/settings/echo`)).toBe(503);
  expect((await node.client('POST', '/integrations', { name: 'x' })).status).toBe(503);
  expect(await status('GET', '/readyz')).toBe(503);
  expect(await status('GET', '/healthz')).toBe(200);
  await database.resume();
  await vi.waitFor(async () => expect(await status('GET', '/readyz')).toBe(200), { timeout: 5_000, interval: 100 });
  expect(await status('PUT', `/integrations/${id}/settings/echo`)).toBe(200);
});
