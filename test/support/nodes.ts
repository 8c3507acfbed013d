/** Several nodes on one PostgreSQL database, each a process of its own. */
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { type Client, createClient } from './client.ts';
import { type BundleText, temporaryFolder, writeBundle } from './folders.ts';
import { type Server, startServer } from './server.ts';

export const TOKEN = 'the-nodes-token';

export interface Node {
  /** Of its data and its connectors. */
  readonly home: string;
  readonly connectors: string;
  readonly server: Server;
  readonly client: Client;
}

interface NodeSettings {
  /** Of its data and its connectors; by default new ones. */
  readonly home?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a node; it is killed when the test ends. */
export async function startNode(
  store: string,
  name: string,
  { home: folder, environment = {} }: NodeSettings = {},
): Promise<Node> {
  const home = folder ?? (await temporaryFolder());
  const connectors = join(home, 'connectors');
  const server = await startServer({
    BULKHEAD_STORE: store,
    BULKHEAD_NODE: name,
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: join(home, 'data'),
    BULKHEAD_CONNECTORS: connectors,
    ...environment,
  });
  const client = createClient(server.url, TOKEN);
  await vi.waitFor(async () => expect((await client('GET', '/readyz')).status).toBe(200), 10_000);
  return { server, client, home, connectors };
}

/** Starts nodes, and drops a bundle on the first of them. */
export async function startNodes(store: string, names: readonly string[], bundle: BundleText): Promise<Node[]> {
  const nodes = await Promise.all(names.map((name) => startNode(store, name)));
  await writeBundle(nodes[0]?.connectors as string, 'a', bundle);
  for (const node of nodes)
    await vi.waitFor(async () => expect(await shownBy(node)).toEqual([['a', '1.0.0', 'ready']]), 5_000);
  return nodes;
}

interface Row {
  readonly name: string;
  readonly version: string;
  readonly status: string;
}

/** Name, version and status of each connector. */
export async function shownBy({ client }: Node): Promise<string[][]> {
  const rows: Row[] = (await client('GET', '/connectors')).body;
  return rows.map(({ name, version, status }) => [name, version, status]);
}

/** Installs the only connector. */
export async function install({ client }: Node): Promise<{ readonly id: string; readonly connectorId: string }> {
  const [{ _id: connectorId }] = (await client('GET', '/connectors')).body;
  const { _id: id } = (await client('POST', `/integrations/${connectorId}/install`)).body;
  return { id, connectorId };
}
