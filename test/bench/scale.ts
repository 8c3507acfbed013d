/** How it goes with many integrations, many connectors, many that wait, and one that burns what it may. */
import { type Figure, figure, tableOf } from './figures.ts';
import { installMany, measure, type Settings, startBulkhead, timedMs } from './rig.ts';

const INTEGRATIONS = [1, 10, 100, 1_000];
const CONNECTORS = [1, 4, 16];
const WAITING = 1_000;
const WAIT_MS = 1_000;
const BURNERS = 2;
const body = JSON.stringify({ text: 'x'.repeat(1_900) });
const code = `exports.utilities = {
  echo: (options) => options,
  wait: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 'waited')),
  burn() { for (;;); },
};`;

export async function scale({ seconds, rounds }: Settings): Promise<Figure[]> {
  const names = Array.from({ length: Math.max(...CONNECTORS) }, (_, i) => `connector-${i}`);
  const server = await startBulkhead(Object.fromEntries(names.map((name) => [name, { code }])), {
    BULKHEAD_COMPARTMENTS: String(names.length),
  });
  const figures: Figure[] = [];
  try {
    const pathsOf = (ids: readonly string[]): string[] => ids.map((id) => `/integrations/${id}/utilities/echo`);
    const first = await installMany(server, 'connector-0', Math.max(...INTEGRATIONS));
    const ofEach = await Promise.all(names.map((name) => server.install(name)));
    const echo = async (name: string, ids: readonly string[], during?: () => Promise<unknown>): Promise<number> => {
      const load = { url: server.url, paths: pathsOf(ids), body, connections: 32, seconds };
      const measured = [];
      for (let round = 0; round < rounds; round++)
        measured.push(during ? await beside(during, () => measure(load)) : await measure(load));
      figures.push(
        figure(
          'scale',
          name,
          'per second',
          measured.map(({ perSecond }) => perSecond),
        ),
      );
      const p99 = figure(
        'scale',
        name,
        'µs, p99',
        measured.map(({ p99Us }) => p99Us),
      );
      figures.push(p99);
      const failed = Math.max(...measured.map(({ failed }) => failed));
      if (failed > 0) figures.push(figure('scale', name, 'failed', [failed], '0'));
      return p99.median;
    };
    for (const count of INTEGRATIONS) await echo(`${count} integrations of one connector`, first.slice(0, count));
    for (const count of CONNECTORS) await echo(`${count} connectors`, ofEach.slice(0, count));

    const alone = await echo('beside nobody', [ofEach[1] as string]);
    const burn = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: BURNERS }, () => server.client('PUT', `/integrations/${ofEach[0]}/utilities/burn`)),
      );
    const burnt = await echo('beside a connector that burns its CPU time', [ofEach[1] as string], burn);
    figures.push(figure('scale', 'p99 beside a burning connector, of that beside nobody', '×', [burnt / alone], '≤ 3'));

    const waitingMs = await timedMs(async () => {
      const replies = await Promise.all(
        first
          .slice(0, WAITING)
          .map((id) => server.client('PUT', `/integrations/${id}/utilities/wait`, { ms: WAIT_MS })),
      );
      const lost = replies.filter(({ status }) => status !== 200).length;
      figures.push(figure('scale', `${WAITING} runs that wait at once: not answered`, '', [lost], '0'));
    });
    figures.push(figure('scale', `${WAITING} runs that wait ${WAIT_MS} ms at once`, 'ms', [waitingMs]));
    process.stdout.write(`${tableOf(figures)}\n\n`);
    return figures;
  } finally {
    await server.stop();
  }
}

/** Does one thing again and again while another is done. */
async function beside<T>(again: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const going = (async () => {
    while (!isOver) await again();
  })();
  try {
    return await work();
  } finally {
    isOver = true;
    await going;
  }
}
