/** Calls of more integrations than can be kept warm, beside those of a few. */
import { childrenOf, tracesOf } from '../support/traces.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { type Bulkhead, measure, type Settings, startBulkhead } from './rig.ts';

const WARM = 50;
const UNIFORM = 1_000;
const CONNECTORS = 10;
const SKEWED = 10_000;
const INSTALLS_AT_ONCE = 32;
const body = JSON.stringify({ text: 'x'.repeat(900) });
const code = 'exports.utilities = { echo: (options) => options };';

export async function cold({ seconds, rounds }: Settings): Promise<Figure[]> {
  const names = Array.from({ length: CONNECTORS }, (_, i) => `connector-${i}`);
  const server = await startBulkhead(Object.fromEntries(names.map((name) => [name, { code }])), {
    BULKHEAD_COMPARTMENTS: String(CONNECTORS),
  });
  const figures: Figure[] = [];
  try {
    const ids = await installAll(server, names);
    const ofOne = ids.filter((_, i) => i % CONNECTORS === 0);
    const load = { url: server.url, body, connections: 32, seconds };
    const paths = (some: readonly string[]): string[] => some.map((id) => `/integrations/${id}/utilities/echo`);
    const measured = async (name: string, some: readonly string[], wanted: string, zipf?: number): Promise<void> => {
      const perSecond: number[] = [];
      const shares: number[] = [];
      const p99Us: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const few = await measure({ ...load, paths: paths(some.slice(0, WARM)) });
        // Everything is warm that can be.
        if (round === 0) await measure({ ...load, paths: paths(some), ...(zipf === undefined ? {} : { zipf }) });
        const many = await measure({ ...load, paths: paths(some), ...(zipf === undefined ? {} : { zipf }) });
        if (many.failed > 0) throw new Error(`${many.failed} calls failed`);
        perSecond.push(many.perSecond);
        shares.push(many.perSecond / few.perSecond);
        p99Us.push(many.p99Us);
      }
      const residentMb = await Promise.all(
        (await childrenOf(server.pid)).map(async (pid) => (await tracesOf(pid)).residentMb),
      );
      figures.push(
        figure('cold', name, 'per second', perSecond),
        figure('cold', `${name}, of ${WARM} of them`, '×', shares, wanted),
        figure(
          'cold',
          name,
          'ms, p99',
          p99Us.map((us) => us / 1_000),
          '≤ 20',
        ),
        figure('cold', `${name}: connector processes`, 'MiB', [residentMb.reduce((sum, mb) => sum + mb, 0)]),
      );
    };
    await measured(`${UNIFORM} integrations of one connector in turn`, ofOne.slice(0, UNIFORM), '≥ 0.6');
    await measured(`${SKEWED} of ${CONNECTORS} connectors by Zipf's law`, ids, '≥ 0.5', 1);
    process.stdout.write(`${tableOf(figures)}\n\n`);
    return figures;
  } finally {
    await server.stop();
  }
}

async function installAll(server: Bulkhead, names: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < SKEWED; i += INSTALLS_AT_ONCE) {
    const count = Math.min(INSTALLS_AT_ONCE, SKEWED - i);
    const some = Array.from({ length: count }, (_, n) => server.install(names[(i + n) % names.length] as string));
    ids.push(...(await Promise.all(some)));
  }
  return ids;
}
