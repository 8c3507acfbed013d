/** Runs on several nodes: any of them ends a run, and each names itself. */
import { describe, expect, test, vi } from 'vitest';
import { createClient, errorsOf } from './support/client.ts';
import { openEvents } from './support/events.ts';
import { temporaryFolder } from './support/folders.ts';
import { install, type Node, startNodes, TOKEN } from './support/nodes.ts';
import { emptyDatabase, rowsOf } from './support/postgres-nodes.ts';
import { startServer } from './support/server.ts';

const CODE = `
  exports.installer = { wait: () => new Promise((resolve) => setTimeout(resolve, 60_000)) };
  exports.settings = { echo: (options) => options };
  exports.utilities = {
    stay: () => new Promise((resolve) => setTimeout(resolve, 60_000)),
    spin: () => { for (;;); },
    log: () => { console.log('a line of the connector'); },
  };`;
const within = { timeout: 10_000, interval: 50 };
const twoNodes = async (store: string, connector = {}): Promise<[Node, Node]> =>
  (await startNodes(store, ['one', 'two'], { code: CODE, connector })) as [Node, Node];

describe('a run is cancelled on another node than its own', () => {
  const shown = async ({ client }: Node, id: string, runId: string) =>
    (await client('GET', `/integrations/${id}/runs/${runId}`)).body;
  const begin = async ({ client }: Node, id: string, name: string): Promise<string> =>
    (await client('PUT', `/integrations/${id}/utilities/${name}`, {}, { prefer: 'respond-async' })).body._id;

  test('that computes', async () => {
    const [one, two] = await twoNodes(await emptyDatabase());
    const { id } = await install(one);
    const runId = await begin(one, id, 'spin');
    expect((await two.client('DELETE', `/integrations/${id}/runs/${runId}`)).status).toBe(204);
    await vi.waitFor(async () => expect(await shown(two, id, runId)).toMatchObject({ fault: 'cancelled' }), within);
  });

  test('that waits, and no other', async () => {
    const [one, two] = await twoNodes(await emptyDatabase());
    const { id } = await install(one);
    const waiting = one.client('PUT', `/integrations/${id}/utilities/stay`, {});
    const started = await vi.waitFor(async () => {
      const [run] = (await two.client('GET', `/integrations/${id}/runs`)).body;
      return run ?? Promise.reject(new Error('not yet'));
    }, within);
    const [cancelled, other] = [await begin(one, id, 'stay'), await begin(one, id, 'stay')];
    expect(await shown(two, id, cancelled)).toMatchObject({ outcome: 'running', node: 'one' });
    expect((await two.client('DELETE', `/integrations/${id}/runs/${cancelled}`)).status).toBe(204);
    for (const node of [one, two]) {
      await vi.waitFor(async () => {
        expect(await shown(node, id, cancelled)).toMatchObject({ outcome: 'faulted', fault: 'cancelled' });
      }, within);
    }
    // Once more does no harm, and no other run is touched.
    expect((await two.client('DELETE', `/integrations/${id}/runs/${cancelled}`)).status).toBe(204);
    expect((await shown(two, id, other)).outcome).toBe('running');
    expect((await two.client('DELETE', `/integrations/${id}/runs/${started._id}`)).status).toBe(204);
    expect(errorsOf(await waiting)).toEqual([['cancelled']]);
  });

  test('of an installation, before there is an integration', async () => {
    const [one, two] = await twoNodes(await emptyDatabase(), { installerFunction: 'wait' });
    const [{ _id: connectorId }] = (await one.client('GET', '/connectors')).body;
    const events = await openEvents(one.server.url, TOKEN);
    const installing = one.client('POST', `/integrations/${connectorId}/install`, {});
    const { data } = await vi.waitFor(() => {
      const started = events.all.find(({ name }) => name === 'run.started');
      return started ?? Promise.reject(new Error('not yet'));
    }, within);
    const path = `/integrations/${data._integrationId}/runs/${data.runId}`;
    await vi.waitFor(async () => expect((await two.client('DELETE', path)).status).toBe(204), within);
    expect(errorsOf(await installing)).toEqual([['cancelled']]);
  });

  test('that never was, or is of another integration: 404, and nothing is asked of anybody', async () => {
    const store = await emptyDatabase();
    const [one, two] = await twoNodes(store);
    const { id } = await install(one);
    const { id: other } = await install(one);
    const path = `/integrations/${id}/utilities/stay`;
    const { _id: runId } = (await one.client('PUT', path, {}, { prefer: 'respond-async' })).body;
    expect((await two.client('DELETE', `/integrations/${other}/runs/${runId}`)).status).toBe(404);
    expect((await two.client('DELETE', `/integrations/${id}/runs/${'0'.repeat(24)}`)).status).toBe(404);
    expect(await rowsOf(store, 'SELECT is_cancelled FROM bulkhead.running_runs')).toEqual([{ is_cancelled: false }]);
  });

  test('is ended although the news of it is lost', async () => {
    const store = await emptyDatabase();
    const [one, two] = await twoNodes(store);
    const { id } = await install(one);
    const path = `/integrations/${id}/utilities/stay`;
    const { _id: runId } = (await one.client('PUT', path, {}, { prefer: 'respond-async' })).body;
    await vi.waitFor(
      async () => expect(await rowsOf(store, 'SELECT FROM bulkhead.running_runs')).toHaveLength(1),
      within,
    );
    // As the request, without its notification.
    await rowsOf(store, 'UPDATE bulkhead.running_runs SET is_cancelled = true');
    await vi.waitFor(async () => {
      const run = (await two.client('GET', `/integrations/${id}/runs/${runId}`)).body;
      expect(run).toMatchObject({ outcome: 'faulted', fault: 'cancelled' });
    }, within);
  });
});

type Line = { readonly event?: string; readonly node?: string };
const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

const named = async (url: string): Promise<string[]> => {
  const { text } = await createClient(url, TOKEN)('GET', '/metrics');
  return [...text.matchAll(/^bulkhead_node_info\{node="([^"]*)"\} 1$/gm)].map(([, node = '']) => node);
};

test("a node's name is in each line of its log, in the runs it has run, and in its metrics", async () => {
  const [one, two] = await twoNodes(await emptyDatabase());
  const { id } = await install(one);
  for (const { client } of [one, two]) {
    const { headers } = await client('PUT', `/integrations/${id}/utilities/log`, {});
    const run = `/integrations/${id}/runs/${headers.get('bulkhead-run-id')}`;
    const name = client === one.client ? 'one' : 'two';
    for (const reader of [one, two]) {
      await vi.waitFor(async () => expect((await reader.client('GET', run)).body.node).toBe(name), within);
    }
  }
  for (const [name, { server }] of [
    ['one', one],
    ['two', two],
  ] as const) {
    expect(await named(server.url)).toEqual([name]);
    await server.stop('SIGTERM');
    const lines = linesOf(server.stderr());
    const events = lines.map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(['listening', 'request', 'connector_log', 'stopping']));
    expect(lines.filter(({ node }) => node !== name)).toEqual([]);
  }
});

test.each([
  ['without a name of its own, a server on a data folder has none', {}, []],
  ['with one it shows it', { BULKHEAD_NODE: 'alone' }, ['alone']],
])('%s', async (_what, environment, names) => {
  const server = await startServer({
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: await temporaryFolder(),
    ...environment,
  });
  expect(await named(server.url)).toEqual(names);
  await server.stop('SIGTERM');
  const found = new Set(linesOf(server.stderr()).map(({ node }) => node));
  expect([...found]).toEqual(names.length === 0 ? [undefined] : names);
});
