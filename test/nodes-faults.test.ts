/** Nodes whose database is slow, breaks its connections or does not answer, and nodes whose clocks are wrong (contract 13). */
import { expect, test, vi } from 'vitest';
import { errorsOf, type Reply } from './support/client.ts';
import { openEvents } from './support/events.ts';
import { writeBundle } from './support/folders.ts';
import { install, type Node, shownBy, startNode, TOKEN } from './support/nodes.ts';
import { emptyDatabase, rowsOf } from './support/postgres-nodes.ts';
import { TcpProxy } from './support/tcp-proxy.ts';

const code = `
  exports.installer = {};
  exports.settings = {
    async write({ _integrationId, n }) {
      const reply = await fetch('/v1/integrations/' + _integrationId + '/state/ofRun', { method: 'PUT', body: JSON.stringify(n) });
      return { status: reply.status };
    },
  };`;

/** Contract 13: a node serves again within 5 s of the return of its database. */
const soon = { timeout: 5_000, interval: 50 };
/** Within this a request is answered while the database does not answer; wider, because other tests share the machine. */
const ANSWERED_MS = 8_000;
/** The same once the node has noticed. */
const REFUSED_MS = 2_000;

const isIn = async (ms: number, work: Promise<unknown>): Promise<void> => {
  const startedAt = performance.now();
  await work;
  expect(performance.now() - startedAt).toBeLessThan(ms);
};

/** On the first of them, and waits until all have it. */
async function dropBundle(...nodes: readonly [Node, ...Node[]]): Promise<void> {
  await writeBundle(nodes[0].connectors, 'a', { code });
  for (const node of nodes) {
    await vi.waitFor(async () => expect(await shownBy(node)).toEqual([['a', '1.0.0', 'ready']]), soon);
  }
}

/** The environment of a process whose clock is wrong. */
const shiftedBy = (ms: number): Record<string, string> => ({
  NODE_OPTIONS: `--import ${new URL('support/shifted-clock.ts', import.meta.url).href}`,
  TEST_CLOCK_SHIFT_MS: String(ms),
});

const write = ({ client }: Node, id: string, n: number): Promise<Reply> =>
  client('PUT', `/integrations/${id}/state/n`, n);
const read = async ({ client }: Node, id: string): Promise<unknown> =>
  (await client('GET', `/integrations/${id}/state/n`)).body;

/** Requests of every kind at once. @param name of what they make */
const requests = (node: Node, id: string, name: string): Promise<Reply[]> =>
  Promise.all([
    node.client('GET', `/integrations/${id}`),
    node.client('GET', '/flows'),
    node.client('GET', '/tiles'),
    node.client('POST', '/flows', { _integrationId: id, name }, { 'idempotency-key': name }),
    node.client('POST', '/integrations', { name }),
    node.client('PUT', `/integrations/${id}/settings/write`, { n: -1 }),
    write(node, id, -1),
  ]);

async function areRefused(node: Node, id: string, name: string): Promise<void> {
  for (const reply of await requests(node, id, name)) {
    expect([reply.status, errorsOf(reply)]).toEqual([503, [['store_unavailable']]]);
    expect(reply.body.errors[0].message).toMatch(/Nothing was changed|may or may not be stored/);
    expect(reply.headers.get('retry-after')).toBe('1');
  }
  expect((await node.client('GET', '/readyz')).status).toBe(503);
}

async function namesMadeOn({ client }: Node): Promise<string[]> {
  const replies = await Promise.all(['/flows', '/integrations'].map((path) => client('GET', path)));
  return replies.flatMap(({ body }) => body.map(({ name }: { name: string }) => name));
}

test('a network that is slow, breaks and loses everything: answers in time, nothing half done, served again at once', async () => {
  const url = await emptyDatabase();
  const proxy = await TcpProxy.to(url);
  const [near, other] = await Promise.all([startNode(proxy.url, 'near'), startNode(url, 'other')]);
  await dropBundle(near, other);
  const { id } = await install(near);
  const events = await openEvents(near.server.url, TOKEN, { query: `?_integrationId=${id}` });
  const areServed = async (n: number): Promise<void> => {
    await vi.waitFor(async () => expect((await write(near, id, n)).status).toBeLessThan(300), soon);
    await vi.waitFor(async () => expect((await near.client('GET', '/readyz')).status).toBe(200), soon);
    expect(await read(other, id)).toBe(n);
  };
  await areServed(1);

  proxy.delayMs = 100;
  const slow = requests(near, id, 'slow');
  await isIn(REFUSED_MS, near.client('GET', '/healthz'));
  for (const { status } of await slow) expect(status).toBeLessThan(300);
  proxy.delayMs = 0;
  expect(await namesMadeOn(other)).toEqual(expect.arrayContaining(['slow']));

  const broken = proxy.breakAt('update-1-none', { isHeard: true });
  const unanswered = write(near, id, 2);
  await broken;
  proxy.refuse();
  await isIn(ANSWERED_MS, areRefused(near, id, 'refused'));
  expect((await unanswered).body.errors[0].message).toContain('may or may not be stored');
  proxy.restore();
  await vi.waitFor(async () => expect(await read(near, id)).toBe(2), soon);
  await areServed(3);

  proxy.vanish();
  await isIn(ANSWERED_MS, areRefused(near, id, 'lost'));
  await isIn(REFUSED_MS, areRefused(near, id, 'lost'));
  events.all.length = 0;
  expect((await write(other, id, 4)).status).toBeLessThan(300);
  expect((await other.client('POST', '/flows', { _integrationId: id, name: 'meanwhile' })).status).toBe(201);
  proxy.restore();
  await vi.waitFor(async () => expect(await read(near, id)).toBe(4), soon);
  await areServed(5);
  // A node that was silent for six seconds is taken for dead: then there is word that something is missing.
  const isTold = () => events.all.some(({ name, data }) => name === 'reset' || data.changed?.includes('flows'));
  await vi.waitFor(() => expect(isTold()).toBe(true), soon);

  expect((await namesMadeOn(near)).filter((name) => ['refused', 'lost'].includes(name))).toEqual([]);
  for (const status of [201, 201]) {
    const repeated = await near.client(
      'POST',
      '/flows',
      { _integrationId: id, name: 'lost' },
      { 'idempotency-key': 'lost' },
    );
    expect(repeated.status).toBe(status);
  }
  expect((await namesMadeOn(other)).filter((name) => name === 'lost')).toHaveLength(1);
  expect((await near.client('PUT', `/integrations/${id}/settings/write`, { n: 5 })).body).toEqual({ status: 200 });
});

test('clocks two minutes apart: lists, runs, keys, events and the nodes themselves are as with one clock', async () => {
  const url = await emptyDatabase();
  const [early, late] = await Promise.all([
    startNode(url, 'early', { environment: shiftedBy(-60_000) }),
    startNode(url, 'late', { environment: shiftedBy(60_000) }),
  ]);
  // The process has the wrong clock.
  expect(JSON.parse(late.server.stderr().split('\n')[0] ?? '').time - Date.now()).toBeGreaterThan(30_000);
  await dropBundle(late, early);
  const { id } = await install(late);
  const events = await openEvents(late.server.url, TOKEN, { query: `?_integrationId=${id}` });
  const runIds: string[] = [];
  for (let n = 0; n < 6; n++) {
    const { client } = n % 2 === 0 ? late : early;
    const { body } = await client(
      'POST',
      '/flows',
      { _integrationId: id, name: `${n}` },
      { 'idempotency-key': `${n}` },
    );
    expect(Math.abs(Date.parse(body.createdAt) - Date.now())).toBeLessThan(10_000);
    const run = await client('PUT', `/integrations/${id}/settings/write`, { n });
    const runId = run.headers.get('bulkhead-run-id') ?? '';
    // Runs are listed by their ids, which begin with the seconds.
    expect(Math.abs(Number.parseInt(runId.slice(0, 8), 16) * 1_000 - Date.now())).toBeLessThan(10_000);
    runIds.push(runId);
  }
  for (const { client } of [early, late]) {
    const names: string[] = [];
    for (let next: string | undefined = '/flows?limit=2'; next !== undefined; ) {
      const page: Reply = await client('GET', next);
      names.push(...page.body.map(({ name }: { name: string }) => name));
      next = /<[^>]*?(\/flows\?[^>]*)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(names.toSorted()).toEqual(['0', '1', '2', '3', '4', '5']);
    // Clocks agree but for milliseconds. With two minutes between them, all of one node would come first.
    for (const [at, name] of names.entries()) expect(Math.abs(at - Number(name))).toBeLessThanOrEqual(1);
    await vi.waitFor(async () => {
      const runs: { _id: string }[] = (await client('GET', `/integrations/${id}/runs`)).body;
      expect(runs.map(({ _id }) => _id)).toEqual(expect.arrayContaining(runIds));
    }, soon);
    const again = await client('POST', '/flows', { _integrationId: id, name: '0' }, { 'idempotency-key': '0' });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  }
  const ofFlows = events.all.filter(({ data }) => data.changed?.includes('flows'));
  expect(ofFlows.length).toBeGreaterThan(0);
  const alive =
    'SELECT name FROM bulkhead.nodes WHERE abs(extract(epoch FROM clock_timestamp() - seen)) < 6 ORDER BY name';
  expect(await rowsOf(url, alive)).toEqual([{ name: 'early' }, { name: 'late' }]);
});
