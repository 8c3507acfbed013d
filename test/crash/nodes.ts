/**
 * Several nodes on one database under load. At random moments one of them is killed, or the database, or one is cut off
 * from the database. The others go on, and show what was acknowledged before by any of them.
 */
import { join } from 'node:path';
import { type Client, createClient } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { launchServer, type Server } from '../support/server.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { CODE, CONNECTOR } from './model.ts';
import { ANSWERED, CLIENTS, compare, LOAD_MS, type Tally, TOKEN, User } from './rig.ts';

/** One of so many kills is of the database. */
const DATABASE_EVERY = 6;
/** One of so many is a break of a node's network: by turns one of its connections, and one that loses everything. */
const NETWORK_EVERY = 3;
const READY_MS = 10_000;

interface Node {
  /** The network between it and the database. */
  readonly network: TcpProxy;
  readonly server: Server;
  readonly client: Client;
}

export async function crashNodes(
  folder: string,
  { rounds, nodes: count }: { readonly rounds: number; readonly nodes: number },
  random: () => number,
): Promise<Tally & { databaseKills: number; networkBreaks: number }> {
  const database = await PostgresServer.start();
  const url = await database.createDatabase();
  const names = Array.from({ length: count }, (_, i) => `node-${i}`);
  for (const name of names)
    await writeBundle(join(folder, name, 'connectors'), 'crash', { connector: CONNECTOR, code: CODE });
  const nodes = await Promise.all(names.map(async (name) => start(folder, name, await TcpProxy.open(url))));
  let number = 0;
  const users = Array.from({ length: CLIENTS }, () => new User(random, () => ++number));
  const tally = {
    rounds: 0,
    acknowledged: 0,
    cutOff: { done: 0, undone: 0, half: 0 },
    losses: [] as string[],
    databaseKills: 0,
    networkBreaks: 0,
  };
  const any = (): Node => nodes[Math.floor(random() * nodes.length)] as Node;
  try {
    for (; tally.rounds < rounds && tally.losses.length === 0; tally.rounds++) {
      let isStopping = false;
      const working: Promise<void>[] = [];
      let answered = 0;
      await new Promise<void>((resolve) => {
        const acknowledged = (): void => {
          if (++answered === ANSWERED) resolve();
        };
        const clientOf = (): Client | undefined => (isStopping ? undefined : any().client);
        working.push(...users.map((user) => user.work(clientOf, tally.losses, acknowledged)));
      });
      await new Promise((resolve) => setTimeout(resolve, random() * LOAD_MS));
      if (tally.rounds % DATABASE_EVERY === DATABASE_EVERY - 1) {
        await database.kill();
        isStopping = true;
        await Promise.all(working);
        await database.resume();
        await Promise.all(nodes.map(({ client }) => ready(client)));
        tally.databaseKills++;
      } else if (tally.rounds % NETWORK_EVERY === NETWORK_EVERY - 1) {
        const { network, client } = any();
        if (tally.networkBreaks++ % 2 === 0) network.breakAll();
        else network.vanish();
        await new Promise((resolve) => setTimeout(resolve, random() * LOAD_MS));
        isStopping = true;
        await Promise.all(working);
        network.restore();
        await ready(client);
      } else {
        const victim = Math.floor(random() * nodes.length);
        const { server, network } = nodes[victim] as Node;
        await server.stop('SIGKILL');
        isStopping = true;
        await Promise.all(working);
        nodes[victim] = await start(folder, names[victim] as string, network);
      }
      await compare(any().client, users, tally);
    }
  } finally {
    await Promise.all(nodes.map(({ server }) => server.stop('SIGTERM')));
    for (const { network } of nodes) network.close();
    await database.remove();
  }
  return { ...tally, acknowledged: users.reduce((sum, { acknowledged }) => sum + acknowledged, 0) };
}

async function start(folder: string, name: string, network: TcpProxy): Promise<Node> {
  const server = await launchServer({
    BULKHEAD_STORE: network.url,
    BULKHEAD_NODE: name,
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: join(folder, name, 'data'),
    BULKHEAD_CONNECTORS: join(folder, name, 'connectors'),
    BULKHEAD_LOG: 'fatal',
  });
  const client = createClient(server.url, TOKEN);
  await ready(client);
  await served(client);
  return { server, client, network };
}

/** Waits for the connector: on a busy machine, a node may listen before its bundle is checked. */
async function served(client: Client): Promise<void> {
  const until = performance.now() + READY_MS;
  for (;;) {
    const [row] = (await client('GET', '/connectors')).body;
    if (row?.status === 'ready') return;
    if (performance.now() > until) throw new Error(`the connector is ${row?.status} after ${READY_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ready(client: Client): Promise<void> {
  const until = performance.now() + READY_MS;
  for (;;) {
    const { status } = await client('GET', '/readyz');
    if (status === 200) return;
    if (performance.now() > until) throw new Error(`a node was not ready within ${READY_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
