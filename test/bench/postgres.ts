/**
 * What PostgreSQL costs beside the data folder, what two nodes reach beside one, and how it goes with 100,000
 * integrations. The database syncs each commit to the disk. It shares the machine with the nodes and the load
 * generator, so the ways take turns and the ratios are of the same round.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PostgresServer } from '../support/postgres-server.ts';
import { treeCpuMs } from '../support/traces.ts';
import { connector, echoBody, text } from './calls.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { manyIntegrations } from './postgres-many.ts';
import type { Upserts } from './postgres-upserts.ts';
import { type Bulkhead, here, installMany, measure, type Settings, startBulkhead } from './rig.ts';

const INTEGRATIONS = 50;
const CONNECTIONS = 32;
const UPSERTS = 'plain upserts over a pool';
const TWO_FOLDERS = 'echo, two data folders';

const bodies = { echo: echoBody, persistSettings: JSON.stringify({ pending: { text } }) };
type Call = keyof typeof bodies;

interface Round {
  readonly perSecond: number;
  readonly failed: number;
  /** CPU time per call. */
  readonly nodeUs?: number;
  readonly databaseUs?: number;
}

interface Way {
  readonly name: string;
  measure(): Promise<Round>;
}

export async function postgres(settings: Settings): Promise<Figure[]> {
  const database = await PostgresServer.start();
  try {
    const figures = await throughput(database, settings);
    figures.push(...(await manyIntegrations(database, settings)));
    process.stdout.write(`${tableOf(figures)}\n\n`);
    return figures;
  } finally {
    await database.remove();
  }
}

async function throughput(database: PostgresServer, { seconds, rounds }: Settings): Promise<Figure[]> {
  const store = await database.createDatabase();
  const start = (environment?: Record<string, string>) => startBulkhead({ bench: connector }, environment);
  const folder = await start();
  const secondFolder = await start();
  const one = await start({ BULKHEAD_STORE: store, BULKHEAD_NODE: 'one' });
  const two = await start({ BULKHEAD_STORE: store, BULKHEAD_NODE: 'two' });
  try {
    const inFolder = await installMany(folder, 'bench', INTEGRATIONS);
    const inSecond = await installMany(secondFolder, 'bench', INTEGRATIONS);
    const inDatabase = await installMany(one, 'bench', INTEGRATIONS);
    const ways = (Object.keys(bodies) as Call[]).flatMap((call): Way[] => [
      { name: `${call}, data folder`, measure: () => round([folder], inFolder, call, seconds) },
      { name: `${call}, one node`, measure: () => round([one], inDatabase, call, seconds, database) },
      { name: `${call}, two nodes`, measure: () => round([one, two], inDatabase, call, seconds, database) },
    ]);
    // What the machine gives two servers that have nothing to do with one another.
    ways.push({
      name: TWO_FOLDERS,
      async measure() {
        const half = CONNECTIONS / 2;
        const both = await Promise.all([
          round([folder], inFolder, 'echo', seconds, undefined, half),
          round([secondFolder], inSecond, 'echo', seconds, undefined, half),
        ]);
        return { perSecond: both[0].perSecond + both[1].perSecond, failed: both[0].failed + both[1].failed };
      },
    });
    ways.push({ name: UPSERTS, measure: async () => upserts(await database.createDatabase(), seconds) });
    const results = new Map<string, Round[]>(ways.map(({ name }) => [name, []]));
    // The first is for the compilers, and not counted.
    for (let number = 0; number <= rounds; number++) {
      for (const way of ways) {
        const measured = await way.measure();
        if (number > 0) results.get(way.name)?.push(measured);
      }
      process.stderr.write(`postgres: round ${number} of ${rounds}\n`);
    }
    return figuresOf(results);
  } finally {
    for (const server of [folder, secondFolder, one, two]) await server.stop();
  }
}

async function round(
  nodes: readonly [Bulkhead, ...Bulkhead[]],
  ids: readonly string[],
  call: Call,
  seconds: number,
  database?: PostgresServer,
  connections = CONNECTIONS,
): Promise<Round> {
  const cpuMs = async (): Promise<[nodes: number, database: number]> => {
    const each = await Promise.all(nodes.map(({ pid }) => treeCpuMs(pid)));
    return [each.reduce((sum, ms) => sum + ms), database ? await treeCpuMs(database.pid) : 0];
  };
  const paths = ids.map((id) => `/integrations/${id}/settings/${call}`);
  const [{ url }, ...others] = nodes;
  const before = await cpuMs();
  const { perSecond, failed, replies } = await measure({
    url,
    otherUrls: others.map((node) => node.url),
    paths,
    body: bodies[call],
    connections,
    seconds,
  });
  const [nodeUs, databaseUs] = (await cpuMs()).map((ms, i) => (1_000 * (ms - (before[i] as number))) / replies);
  return { perSecond, failed, nodeUs: nodeUs as number, ...(database ? { databaseUs: databaseUs as number } : {}) };
}

async function upserts(url: string, seconds: number): Promise<Round> {
  const load: Upserts = { url, connections: CONNECTIONS, rows: INTEGRATIONS, text, seconds };
  const { stdout } = await promisify(execFile)(process.execPath, [here('postgres-upserts.ts'), JSON.stringify(load)]);
  return { perSecond: Number(stdout), failed: 0 };
}

function figuresOf(results: ReadonlyMap<string, readonly Round[]>): Figure[] {
  const of = (name: string): readonly Round[] => results.get(name) as readonly Round[];
  const ratio = (name: string, other: string, wanted?: string): Figure => {
    const values = of(name).map(({ perSecond }, i) => perSecond / (of(other)[i] as Round).perSecond);
    return figure('postgres', `${name} ÷ ${other}`, '', values, wanted);
  };
  const each = [...results].flatMap(([name, rounds]) => {
    const all = (what: keyof Round): number[] => rounds.flatMap((round) => round[what] ?? []);
    return [
      figure('postgres', name, 'per second', all('perSecond')),
      ...(all('nodeUs').length > 0 ? [figure('postgres', name, 'µs CPU of the node per call', all('nodeUs'))] : []),
      ...(all('databaseUs').length > 0
        ? [figure('postgres', name, 'µs CPU of PostgreSQL per call', all('databaseUs'))]
        : []),
      ...(all('failed').some(Boolean) ? [figure('postgres', name, 'failed', all('failed'), '0')] : []),
    ];
  });
  return [
    ...each,
    ratio('echo, one node', 'echo, data folder', '≥ 0.7'),
    ratio('persistSettings, one node', UPSERTS, '≥ 0.5'),
    ratio('echo, two nodes', 'echo, one node', '≥ 1.0'),
    ratio(TWO_FOLDERS, 'echo, data folder'),
    ratio('persistSettings, two nodes', 'persistSettings, one node'),
  ];
}
