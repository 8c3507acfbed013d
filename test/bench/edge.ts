/** What a small machine asks for: memory at rest, and how soon it answers. */
import { tracesOf } from '../support/traces.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { type Settings, startBulkhead } from './rig.ts';

const LOADED = 10;
const BUNDLES = 50;
/** By then the checks at the start are over and their compartments have been let go. */
const IDLE_MS = 1_000;
const REST_MS = 8_000;

const bundles = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`connector-${i}`, { code: 'exports.settings = { echo: (o) => o };' }]),
  );

export async function edge({ rounds }: Settings): Promise<Figure[]> {
  const firstAnswerMs: number[] = [];
  const residentMb: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    const many = await startBulkhead(bundles(BUNDLES));
    // Writing the bundles is not part of the start.
    const writingMs = performance.now() - startedAt - many.startMs;
    await many.client('GET', '/integrations');
    firstAnswerMs.push(performance.now() - startedAt - writingMs);
    await many.stop();
    if (process.platform !== 'linux') continue;
    const few = await startBulkhead(bundles(LOADED), { BULKHEAD_COMPARTMENT_IDLE_MS: String(IDLE_MS) });
    await few.client('GET', '/connectors');
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    residentMb.push((await tracesOf(few.pid)).residentMb);
    await few.stop();
  }
  const figures = [
    figure('edge', `start to the first answer, ${BUNDLES} bundles`, 'ms', firstAnswerMs, '≤ 400'),
    ...(residentMb.length > 0
      ? [figure('edge', `resident memory at rest, ${LOADED} connectors loaded`, 'MiB', residentMb, '≤ 90')]
      : []),
  ];
  process.stdout.write(`${tableOf(figures)}\n\n`);
  return figures;
}
