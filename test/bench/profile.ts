/**
 * Where the runtime's process spends its time on calls, by V8's profiler. What belongs to no row of the table, such as
 * the sending of a reply by the system, counts for the row that called it.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connector, echoBody } from './calls.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { installMany, measure, type Settings, startBulkhead } from './rig.ts';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds. */
  readonly timeDeltas: readonly number[];
}

/** By the end of a script's path, or by the name of one of V8's own states. The first that fits counts. */
const rows: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['collecting garbage', /^\(garbage collector\)$/],
  ['run history: storing it', /store\/sqlite\/(run-store|database)\.ts$/],
  ['run history: what waits for it', /run\/run-history\.ts$/],
  ['record of the run', /src\/run\//],
  ['events', /src\/feed\//],
  ['metrics and logs', /src\/metrics\/|(access|run)-log\.ts$/],
  ['request id, run id, trace', /trace-context\.ts$|object-id\.ts$|api\/observe\.ts$/],
  ['token, grant, what a run may ask for', /src\/broker\//],
  ['body and argument', /(body|argument)\.ts$|raw-body/],
  ['unit of work, documents', /src\/store\//],
  ['compartment: frames, choosing, deadlines', /sandbox\//],
  ['finding the route', /@koa\/router|api\/router\.ts$/],
  ['koa', /node_modules\/(koa|koa-compose|delegates|on-finished|ee-first)\//],
  ['host, rate, authentication, conditions', /src\/api\//],
  ['dispatch', /src\/integration\//],
  ['HTTP and streams of Node', /^node:/],
];

export async function profile({ seconds, rounds }: Settings): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-profile-'));
  try {
    const server = await startBulkhead({ bench: connector }, { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` });
    const ids = await installMany(server, 'bench', 50);
    const paths = ids.map((id) => `/integrations/${id}/settings/echo`);
    await measure({ url: server.url, paths, body: echoBody, connections: 32, seconds: seconds * rounds });
    await server.stop();
    const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    const figures = sharesOf(texts.map((text) => JSON.parse(text) as Profile));
    process.stdout.write(`${tableOf(figures)}\n\n`);
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function sharesOf(profiles: readonly Profile[]): Figure[] {
  const sums = new Map<string, number>();
  for (const { nodes, samples, timeDeltas } of profiles) {
    const spent = new Map<number, number>();
    for (const [i, id] of samples.entries()) spent.set(id, (spent.get(id) ?? 0) + (timeDeltas[i] as number));
    const rowsOf = new Map<number, string>();
    // Parents come before their children.
    for (const { id, callFrame, children = [] } of nodes) {
      const { functionName, url } = callFrame;
      const own = rows.find(([, pattern]) => pattern.test(url === '' ? functionName : url))?.[0];
      const row = own ?? rowsOf.get(id) ?? 'all else';
      for (const child of children) rowsOf.set(child, row);
      if (functionName !== '(idle)') sums.set(row, (sums.get(row) ?? 0) + (spent.get(id) ?? 0));
    }
  }
  const all = [...sums.values()].reduce((sum, us) => sum + us, 0);
  return [...sums].sort(([, a], [, b]) => b - a).map(([row, us]) => figure('profile', row, '%', [(us / all) * 100]));
}
