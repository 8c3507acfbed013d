/** Calls that find nothing ready: a new integration, a crashed compartment; and what runs do with the API. */
import { childrenOf, tracesOf } from '../support/traces.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { type Bulkhead, type Settings, startBulkhead, timedMs } from './rig.ts';

const TIMES = 30;
const CRASHES = 5;
const RECORDS = 100;
const READS = 200;
const BUNDLE_BYTES = 100 * 1024;
/** Fewer than a compartment keeps. */
const WARM_ISOLATES = 100;
/** A compartment that is started in idle time is there by then. */
const IDLE_MS = 1_500;
const GONE_WITHIN_MS = 5_000;

/** A bundle as bundlers make them: a hundred kilobytes, little of it ever called. */
const padding = Array.from({ length: BUNDLE_BYTES / 100 }, (_, i) =>
  `function f${i}(a, b) { return a * ${i} + b; } `.padEnd(99, '/'),
).join('\n');

const code = `${padding}
exports.utilities = {
  none: () => 1,
  crash() { new Array(1e9).fill(0); },
  async records({ _integrationId, count }) {
    for (let i = 0; i < count; i++) {
      await fetch('/v1/connections', { method: 'POST', body: JSON.stringify({ name: 'connection ' + i, _integrationId }) });
    }
  },
  async reads({ _integrationId, count }) {
    for (let i = 0; i < count; i++) await (await fetch('/v1/integrations/' + _integrationId)).json();
  },
};`;

export async function firstCalls({ rounds }: Settings): Promise<Figure[]> {
  const server = await startBulkhead({ bench: { code }, warm: { code: 'exports.utilities = { none: () => 1 };' } });
  try {
    const call = (id: string, name: string, body: object = {}): Promise<unknown> =>
      server.client('PUT', `/integrations/${id}/utilities/${name}`, body);
    const times = async (count: number, work: () => Promise<number>): Promise<number[]> => {
      const all: number[] = [];
      for (let i = 0; i < count; i++) all.push(await work());
      return all;
    };
    const afterWarmUp = (name: string, count: number) => async (): Promise<number> => {
      const id = await server.install('bench');
      await call(id, name, { count: 0 });
      return timedMs(() => call(id, name, { count }));
    };
    const cold = await times(TIMES * rounds, async () => {
      const id = await server.install('bench');
      return timedMs(() => call(id, 'none'));
    });
    const records = await times(TIMES, afterWarmUp('records', RECORDS));
    const reads = await times(TIMES, afterWarmUp('reads', READS));
    const isolateMb = process.platform === 'linux' ? [await memoryOfAWarmIsolate(server)] : [];
    const { withSpare, withoutSpare } =
      process.platform === 'linux' ? await afterCrashes(server, call) : { withSpare: [], withoutSpare: [] };
    const figures = [
      figure('first calls', 'first call of an integration, bundle of 100 KB', 'ms', cold, '≤ 4'),
      figure('first calls', 'first call after a crash, a spare compartment there', 'ms', withSpare, '≤ 50'),
      figure('first calls', 'first call after two crashes in a row', 'ms', withoutSpare, '≤ 300'),
      figure('first calls', `a run that creates ${RECORDS} records, with its commit`, 'ms', records, '≤ 150'),
      figure(
        'first calls',
        'a request of a run to the runtime',
        'ms',
        reads.map((ms) => ms / READS),
        '≤ 0.5',
      ),
      figure('first calls', 'memory of a warm isolate', 'MiB', isolateMb, '≤ 3'),
    ].filter(({ median }) => !Number.isNaN(median));
    process.stdout.write(`${tableOf(figures)}\n\n`);
    return figures;
  } finally {
    await server.stop();
  }
}

async function afterCrashes(server: Bulkhead, call: (id: string, name: string) => Promise<unknown>) {
  const [id, other] = [await server.install('bench'), await server.install('bench')];
  /** A figure counts only if the process has really gone; the system takes a moment for that. */
  const firstCallMs = async (): Promise<number> => {
    const before = await childrenOf(server.pid);
    await call(id, 'crash');
    const tookMs = await timedMs(() => call(other, 'none'));
    const until = performance.now() + GONE_WITHIN_MS;
    for (let isThere = true; isThere; ) {
      const now = await childrenOf(server.pid);
      isThere = before.every((pid) => now.includes(pid));
      if (isThere && performance.now() > until) throw new Error('the compartment has not crashed');
    }
    return tookMs;
  };
  const withSpare: number[] = [];
  const withoutSpare: number[] = [];
  for (let i = 0; i < CRASHES; i++) {
    await call(other, 'none');
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    withSpare.push(await firstCallMs());
    withoutSpare.push(await firstCallMs());
  }
  return { withSpare, withoutSpare };
}

/** By process: the one that grows is the one that serves the calls. */
async function memoryOfAWarmIsolate(server: Bulkhead): Promise<number> {
  const residentMb = async (): Promise<Map<number, number>> => {
    const compartments = await childrenOf(server.pid);
    return new Map(
      await Promise.all(compartments.map(async (pid) => [pid, (await tracesOf(pid)).residentMb] as const)),
    );
  };
  const warm = async (): Promise<void> => {
    await server.client('PUT', `/integrations/${await server.install('warm')}/utilities/none`);
  };
  for (let i = 0; i < 2; i++) await warm();
  const before = await residentMb();
  for (let i = 0; i < WARM_ISOLATES; i++) await warm();
  const grownMb = [...(await residentMb())].map(([pid, its]) => its - (before.get(pid) ?? its));
  return Math.max(...grownMb) / WARM_ISOLATES;
}
