/** Whether anything costs more when there are more integrations: a server that grows, measured at each size. */
import { tracesOf } from '../support/traces.ts';
import { connector, echoBody, text } from './calls.ts';
import { type Figure, figure, tableOf } from './figures.ts';
import { type Bulkhead, measure, type Settings, startBulkhead, timedMs } from './rig.ts';

const SIZES = [100, 1_000, 10_000, 100_000];
const CALLED = 50;
const CREATED_AT_ONCE = 64;
const LISTS = 20;
const SETTLED_MS = 3_000;

export async function growth({ seconds, rounds }: Settings): Promise<Figure[]> {
  const server = await startBulkhead({ bench: connector });
  const figures: Figure[] = [];
  try {
    const ids: string[] = [];
    for (let i = 0; i < CALLED; i++) ids.push(await server.install('bench'));
    const paths = (name: string): string[] => ids.map((id) => `/integrations/${id}/settings/${name}`);
    const load = { url: server.url, connections: 32, seconds };
    const rates = async (name: string, body: string): Promise<number[]> => {
      const all: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const { perSecond, failed } = await measure({ ...load, paths: paths(name), body });
        if (failed > 0) throw new Error(`${failed} of ${name} failed`);
        all.push(perSecond);
      }
      return all;
    };
    let count = ids.length;
    let smallestMb = 0;
    for (const size of SIZES) {
      await create(server, size - count);
      count = size;
      const name = `${size.toLocaleString('en')} integrations`;
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
      const { residentMb } = await tracesOf(server.pid);
      if (size === SIZES[0]) smallestMb = residentMb;
      else {
        const eachKb = ((residentMb - smallestMb) * 1_024) / (size - (SIZES[0] as number));
        figures.push(figure('growth', `${name}: memory of each`, 'KiB', [eachKb]));
      }
      figures.push(
        figure('growth', `${name}: calls`, 'per second', await rates('echo', echoBody)),
        figure(
          'growth',
          `${name}: commits`,
          'per second',
          await rates('persistSettings', JSON.stringify({ pending: { text } })),
        ),
        figure('growth', `${name}: a page of 100 tiles`, 'ms', await pages(server)),
      );
      process.stderr.write(`growth: ${name}\n`);
    }
    process.stdout.write(`${tableOf(figures)}\n\n`);
    return figures;
  } finally {
    await server.stop();
  }
}

/** Integrations of a user's own, of 1 KB. */
async function create({ client }: Bulkhead, count: number): Promise<void> {
  let made = 0;
  const worker = async (): Promise<void> => {
    while (made < count) {
      const name = `integration ${made++}`;
      const reply = await client('POST', '/integrations', { name, settings: { text } });
      if (reply.status !== 201) throw new Error(`${reply.status} ${reply.text}`);
    }
  };
  await Promise.all(Array.from({ length: CREATED_AT_ONCE }, worker));
}

async function pages({ client }: Bulkhead): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < LISTS; i++) all.push(await timedMs(() => client('GET', '/tiles?limit=100')));
  return all;
}
