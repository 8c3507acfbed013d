/**
 * A server, or one of several nodes, that is killed in the middle of jobs. The application counts every record, and the
 * connector counts its pages in the integration's state, in the same commit as the page's checkpoint.
 */
import { join } from 'node:path';
import { type Application, startApplication } from '../flow/application.ts';
import { type FlowScene, makeFlow } from '../flow/scene.ts';
import { type Client, createClient } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { launchServer, type Server } from '../support/server.ts';

const TOKEN = 'the-crash-tests-token';
const RECORDS = 1_000;
const PAGE = 100;
/** A node that is killed is noticed by the others in a few seconds. */
const ENDED_WITHIN_MS = 60_000;

const CODE = `exports.hooks = {
  async count({ data, _integrationId }) {
    const state = '/v1/integrations/' + _integrationId + '/state/pages';
    const response = await fetch(state);
    const pages = response.ok ? await response.json() : 0;
    await fetch(state, { method: 'PUT', body: JSON.stringify(pages + 1) });
    return data.map((record) => ({ data: record }));
  },
};`;

export interface FlowTally {
  rounds: number;
  records: number;
  /** Records that were sent again after a kill, and arrived twice. */
  twice: number;
  losses: string[];
}

export interface FlowCrashOptions {
  readonly rounds: number;
  /** Of one database. 1: a data folder. */
  readonly nodes: number;
}

export async function crashFlows(
  folder: string,
  { rounds, nodes: count }: FlowCrashOptions,
  random: () => number,
): Promise<FlowTally> {
  const application = await startApplication(RECORDS);
  const database = count > 1 ? await PostgresServer.start() : undefined;
  const store = await database?.createDatabase();
  const launch = async (index: number): Promise<Node> => {
    const own = join(folder, `node-${index}`);
    const server = await launchServer({
      ...(store === undefined ? {} : { BULKHEAD_STORE: store, BULKHEAD_NODE: `node-${index}` }),
      BULKHEAD_TOKEN: TOKEN,
      BULKHEAD_DATA: join(own, 'data'),
      BULKHEAD_CONNECTORS: join(own, 'connectors'),
      BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1',
      BULKHEAD_LOG: 'fatal',
    });
    return { server, client: createClient(server.url, TOKEN) };
  };
  const connector = { permissions: { fetch: [application.origin] } };
  for (let index = 0; index < count; index++) {
    await writeBundle(join(folder, `node-${index}`, 'connectors'), 'counting', { code: CODE, connector });
  }
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => launch(index)));
  const tally: FlowTally = { rounds: 0, records: 0, twice: 0, losses: [] };
  try {
    const scene = await prepare(nodes[0] as Node, application.origin);
    for (; tally.rounds < rounds && tally.losses.length === 0; tally.rounds++) {
      application.received.clear();
      application.distinct.clear();
      const killAt = Math.floor(random() * ((RECORDS / PAGE) * 2)) + 1;
      const isDue = afterRequests(application, killAt);
      const victims = nodes.map((_, index) => index);
      const { client } = nodes[Math.floor(random() * count)] as Node;
      const jobId = (await client('POST', `/flows/${scene.flowId}/run`)).body._jobId;
      await isDue;
      // Somewhere in the handling of that request, or after it.
      await new Promise((resolve) => setTimeout(resolve, random() * KILLED_WITHIN_MS));
      const job = await current(nodes, jobId);
      const victim = victims.find((index) => job?.node === `node-${index}`) ?? Math.floor(random() * count);
      await (nodes[victim] as Node).server.stop('SIGKILL');
      nodes[victim] = await launch(victim);
      await settle(nodes, jobId, application, tally);
      await comparePages(nodes, scene, tally);
    }
  } finally {
    await Promise.all(nodes.map(({ server }) => server.stop('SIGTERM')));
    await database?.remove();
    await application.close();
  }
  return tally;
}

interface Node {
  readonly server: Server;
  readonly client: Client;
}

const KILLED_WITHIN_MS = 15;

/** Resolves when the application has had this many requests. */
function afterRequests(application: Application, count: number): Promise<void> {
  let requests = 0;
  return new Promise((resolve) => {
    application.intercept = () => {
      if (++requests === count) resolve();
      return false;
    };
  });
}

async function prepare({ client }: Node, origin: string): Promise<FlowScene> {
  for (;;) {
    const [row] = (await client('GET', '/connectors')).body;
    if (row?.status === 'ready') {
      const integrationId = (await client('POST', `/integrations/${row._id}/install`)).body._id;
      const http = { method: 'POST', relativeURI: '/batch', batchSize: PAGE, response: { resourceIdPath: 'id' } };
      return makeFlow(client, { origin, integrationId, import: { http, hooks: { preMap: { function: 'count' } } } });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The job, from any node that answers. */
async function current(nodes: readonly Node[], jobId: string) {
  for (const { client } of nodes) {
    const reply = await client('GET', `/jobs/${jobId}`).catch(() => undefined);
    if (reply?.status === 200) return reply.body;
  }
  return undefined;
}

async function settle(
  nodes: readonly Node[],
  jobId: string,
  { received, distinct }: Application,
  tally: FlowTally,
): Promise<void> {
  const until = performance.now() + ENDED_WITHIN_MS;
  let job = await current(nodes, jobId);
  while (job?.status !== 'completed') {
    if (job?.status === 'failed' || job?.status === 'canceled' || performance.now() > until) {
      tally.losses.push(`job ${jobId} is ${job?.status}: ${JSON.stringify(job?.errors)}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    job = await current(nodes, jobId);
  }
  tally.records += received.size;
  if (job.numSuccess !== RECORDS) tally.losses.push(`job ${jobId} counts ${job.numSuccess} of ${RECORDS} records`);
  for (let id = 1; id <= RECORDS; id++) {
    const [all, apart] = [received.get(id) ?? 0, distinct.get(id) ?? 0];
    if (all === 0) tally.losses.push(`record ${id} is missing`);
    if (all > 2) tally.losses.push(`record ${id} arrived ${all} times`);
    if (apart > 1) tally.losses.push(`record ${id} arrived under ${apart} keys`);
    if (all > 1) tally.twice++;
  }
}

/** Each job has ten pages, and each page is counted once, however often it was begun. */
async function comparePages(nodes: readonly Node[], { integrationId }: FlowScene, tally: FlowTally): Promise<void> {
  const { client } = nodes[0] as Node;
  const pages = (await client('GET', `/integrations/${integrationId}/state/pages`)).body;
  const expected = (tally.rounds + 1) * (RECORDS / PAGE);
  if (tally.losses.length === 0 && pages !== expected) {
    tally.losses.push(`${pages} pages are counted, and ${expected} were processed`);
  }
}
