/** What connectors have been granted, and the last bundles that served, on several nodes. */
import { expect, test, vi } from 'vitest';
import { writeBundle } from './support/folders.ts';
import { type Node, shownBy, startNode, startNodes } from './support/nodes.ts';
import { emptyDatabase, rowsOf } from './support/postgres-nodes.ts';

/** Contract 13: within 2 s. Wider, because other tests share the machine. */
const within = { timeout: 10_000, interval: 50 };
const NARROW = ['https://a.example'];
const WIDE = [...NARROW, 'https://b.example'];

const bundleOf = (version: string, fetch: readonly string[]) => ({
  manifest: { version },
  connector: { permissions: { fetch } },
  code: `exports.utilities = { f: () => '${version}' };`,
});

const rowOn = async ({ client }: Node) => (await client('GET', '/connectors')).body[0];

test('permissions that are restored on one node count on all, whether they are more or less', async () => {
  const url = await emptyDatabase();
  const nodes = (await startNodes(url, ['one', 'two'], bundleOf('1.0.0', NARROW))) as [Node, Node];
  const [one, two] = nodes;
  const backup = async (): Promise<Buffer> => {
    const reply = await fetch(`${one.server.url}/v1/backup`, {
      headers: { authorization: 'Bearer the-nodes-token' },
    });
    return Buffer.from(await reply.arrayBuffer());
  };
  const narrow = await backup();
  await writeBundle(two.connectors, 'a', bundleOf('2.0.0', WIDE));
  for (const node of nodes)
    await vi.waitFor(async () => expect((await rowOn(node)).pending).toMatchObject({ version: '2.0.0' }), within);
  const { _id, pending } = await rowOn(one);
  expect((await one.client('POST', `/connectors/${_id}/approve`, { digest: pending.digest })).status).toBe(200);
  for (const node of nodes)
    await vi.waitFor(async () => expect(await shownBy(node)).toEqual([['a', '2.0.0', 'ready']]), within);
  const wide = await backup();
  const restore = async (file: Buffer): Promise<void> => {
    const headers = { 'content-type': 'application/gzip' };
    const reply = await two.client('POST', '/restore?overwrite=true', file, headers);
    expect(reply.status, reply.text).toBe(200);
  };

  await restore(narrow);
  for (const node of nodes) {
    await vi.waitFor(
      async () => expect(await rowOn(node)).toMatchObject({ status: 'held', pending: { adds: ['https://b.example'] } }),
      within,
    );
  }
  await restore(wide);
  for (const node of nodes)
    await vi.waitFor(async () => expect(await shownBy(node)).toEqual([['a', '2.0.0', 'ready']]), within);
});

test('a node that missed the first version knows what was granted, and serves the bundle that another node has retained', async () => {
  const url = await emptyDatabase();
  const [one, two] = (await Promise.all(['one', 'two'].map((name) => startNode(url, name)))) as [Node, Node];
  // Shorter than it takes to be taken for dead.
  process.kill(two.server.pid, 'SIGSTOP');
  try {
    await writeBundle(one.connectors, 'a', bundleOf('1.0.0', NARROW));
    await vi.waitFor(async () => expect(await shownBy(one)).toEqual([['a', '1.0.0', 'ready']]), within);
    const shared = () => rowsOf(url, 'SELECT hash FROM bulkhead.folder_entries');
    const first = await vi.waitFor(async () => {
      const rows = await shared();
      expect(rows).toHaveLength(1);
      return rows;
    }, within);
    await writeBundle(one.connectors, 'a', bundleOf('2.0.0', WIDE));
    await vi.waitFor(async () => expect((await rowOn(one)).pending).toMatchObject({ version: '2.0.0' }), within);
    await vi.waitFor(async () => expect(await shared()).not.toEqual(first), within);
  } finally {
    process.kill(two.server.pid, 'SIGCONT');
  }
  for (const node of [two, one]) {
    await vi.waitFor(async () => {
      expect(await rowOn(node)).toMatchObject({ status: 'ready', version: '1.0.0', pending: { version: '2.0.0' } });
    }, within);
  }
  expect((await two.client('GET', '/readyz')).body.reasons).toEqual([]);
  const [{ record }] = (await rowsOf(url, 'SELECT record FROM bulkhead.permissions')) as [{ record: string }];
  expect(JSON.parse(record).fetch).toEqual(NARROW);
});
