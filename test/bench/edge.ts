/** What a small machine asks for: memory at rest, and how soon it answers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, treeResidentMb } from '../support/traces.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { type Settings, startBulkhead } from './rig.ts';

const LOADED = 10;
const BUNDLES = 50;
const IDLE_MS = 1_000;
/** Until all bundles have been checked and the last compartment has gone, on a busy machine. */
const REST_LIMIT_MS = 60_000;
/** After that the runtime gives memory back, when it next looks. */
const AFTER_REST_MS = 2 * IDLE_MS;

const bundles = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`connector-${i}`, { code: 'exports.settings = { echo: (o) => o };' }]),
  );

/** From the start of the process to its first answer; writing the bundles is no part of it. */
async function firstAnswerMs(environment: Record<string, string> = {}): Promise<number> {
  const server = await startBulkhead(bundles(BUNDLES), environment);
  const listeningAt = performance.now();
  await server.client('GET', '/integrations');
  const answeredAt = performance.now();
  await server.stop();
  return server.startMs + answeredAt - listeningAt;
}

async function residentAtRestMb(): Promise<number> {
  const server = await startBulkhead(bundles(LOADED), { BULKHEAD_COMPARTMENT_IDLE_MS: String(IDLE_MS) });
  const giveUpAt = performance.now() + REST_LIMIT_MS;
  const isAtRest = async (): Promise<boolean> =>
    (await server.client('GET', '/readyz')).status === 200 && (await childrenOf(server.pid)).length === 0;
  while (!(await isAtRest())) {
    if (performance.now() > giveUpAt) throw new Error('the server does not come to rest');
    await sleep(100);
  }
  const loaded = (await server.client('GET', '/connectors')).body.length;
  if (loaded !== LOADED) throw new Error(`${loaded} connectors are loaded, not ${LOADED}`);
  await sleep(AFTER_REST_MS);
  const mb = await treeResidentMb(server.pid);
  await server.stop();
  return mb;
}

export async function edge({ rounds }: Settings): Promise<Figure[]> {
  const veryFirst: number[] = [];
  const first: number[] = [];
  const resident: number[] = [];
  const compiled = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
  for (let round = 0; round < rounds; round++) {
    veryFirst.push(await firstAnswerMs({ NODE_COMPILE_CACHE: join(compiled, String(round)) }));
    first.push(await firstAnswerMs({ NODE_COMPILE_CACHE: join(compiled, String(round)) }));
    if (process.platform === 'linux') resident.push(await residentAtRestMb());
  }
  await rm(compiled, { recursive: true, force: true });
  const figures = [
    figure('edge', `start to the first answer, ${BUNDLES} bundles`, 'ms', first, '≤ 400'),
    figure('edge', 'the same, with nothing compiled before', 'ms', veryFirst),
    ...(resident.length > 0
      ? [figure('edge', `resident memory at rest, ${LOADED} connectors loaded`, 'MiB', resident, '≤ 90')]
      : []),
  ];
  process.stdout.write(`${tableOf(figures)}\n\n`);
  return figures;
}
