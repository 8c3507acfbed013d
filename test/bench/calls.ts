/**
 * What a call costs beside the least that koa can do, and beside other ways to run other people's
 * functions, each behind the same route: alternating, in one run.
 */
import { existsSync } from 'node:fs';
import { type Figure, figure, markdownTable, median, shown, table } from './figures.ts';
import type { Measured } from './load.ts';
import {
  type Bulkhead,
  here,
  installMany,
  measure,
  type Running,
  type Settings,
  startBulkhead,
  startScript,
} from './rig.ts';

const INTEGRATIONS = 50;
const CONNECTIONS = [32, 1];
/** What is compared with, if `npm ci --prefix test/bench/peers` has been done. */
const peers = [
  'express',
  'integrator-extension',
  'node-vm',
  'vm2',
  'isolated-vm',
  'quickjs',
  'workerpool',
  'workerd',
  'openfn',
  'node-red',
];

const OF_BARE = "× bare koa's";
const OF_BARES_P50 = "× bare koa's p50";

const environments: Readonly<Record<string, Record<string, string>>> = {
  openfn: { NODE_OPTIONS: '--experimental-vm-modules' },
};

interface Row {
  readonly name: string;
  readonly url: string;
  readonly paths: readonly string[];
  readonly body: string;
}

/** A call of 1 KB. */
export const text = 'x'.repeat(950);
export const echoBody = JSON.stringify({ text, numbers: [1, 2, 3], nested: { flag: true } });

export const connector = {
  connector: { settings: { sections: [{ fields: [{ name: 'text', type: 'textarea', value: '' }] }] } },
  code: `exports.settings = { echo: (options) => options, async write({ _integrationId, text }) {
    const settings = { sections: [{ fields: [{ name: 'text', type: 'textarea', value: text }] }] };
    await fetch('/v1/integrations/' + _integrationId, { method: 'PUT', body: JSON.stringify({ settings }) });
  } };`,
};

async function rowsOf(server: Bulkhead, bareUrl: string): Promise<Row[]> {
  const ids = await installMany(server, 'bench', INTEGRATIONS);
  const own = (name: string, body: object | string): Omit<Row, 'name'> => ({
    url: server.url,
    paths: ids.map((id) => `/integrations/${id}/settings/${name}`),
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return [
    { name: 'bare koa', url: bareUrl, paths: ['/'], body: echoBody },
    { name: 'echo', ...own('echo', echoBody) },
    { name: 'settings write', ...own('persistSettings', { pending: { text } }) },
    { name: 'write by the connector', ...own('write', { text }) },
  ];
}

export async function calls({ seconds, rounds }: Settings, withPeers: boolean): Promise<Figure[]> {
  const server = await startBulkhead({ bench: connector });
  const bare = await startScript(here('bare-koa.ts'));
  const others: Running[] = [];
  try {
    const rows = await rowsOf(server, bare.url);
    if (withPeers) {
      if (!existsSync(here('peers/node_modules'))) throw new Error('first: npm ci --prefix test/bench/peers');
      for (const name of peers) {
        const peer = await startScript(here(`peers/${name}.ts`), environments[name]);
        others.push(peer);
        rows.push({ name, url: peer.url, paths: ['/'], body: echoBody });
      }
    }
    const results = new Map<string, Measured[]>();
    // The first is for the compilers, and not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const connections of CONNECTIONS) {
        for (const { name, ...load } of rows) {
          const key = `${name} · ${connections}`;
          const measured = await measure({ ...load, connections, seconds });
          if (round > 0) results.set(key, [...(results.get(key) ?? []), measured]);
        }
      }
      process.stderr.write(`calls: round ${round} of ${rounds}\n`);
    }
    return report(results);
  } finally {
    for (const running of [server, bare, ...others]) await running.stop();
  }
}

function report(results: ReadonlyMap<string, readonly Measured[]>): Figure[] {
  const all = (key: string, what: keyof Measured): number[] => (results.get(key) ?? []).map((each) => each[what]);
  const of = (key: string, what: keyof Measured): number => median(all(key, what));
  // Of the same round: a shared machine is twice as fast at one time as at another.
  const ofBare = (key: string, what: keyof Measured): number[] => {
    const others = all(`bare koa · ${key.split(' · ')[1]}`, what);
    return all(key, what).map((each, round) => each / (others[round] as number));
  };
  const rows = [...results.keys()].map((key) => {
    const beside = (what: keyof Measured): number => median(ofBare(key, what));
    const each = all(key, 'perSecond');
    return {
      'what · connections': key,
      'per second': Math.round(of(key, 'perSecond')),
      spread: `${Math.round(Math.min(...each))} – ${Math.round(Math.max(...each))}`,
      'of bare koa': beside('perSecond').toFixed(2),
      'p50 µs': Math.round(of(key, 'p50Us')),
      '× bare': beside('p50Us').toFixed(1),
      'p99 µs': Math.round(of(key, 'p99Us')),
      '× bare ': beside('p99Us').toFixed(1),
      failed: of(key, 'failed'),
    };
  });
  process.stdout.write(`${table(rows)}\n\n`);
  return [...results].flatMap(([key, measured]) => [
    figure('calls', key, OF_BARE, ofBare(key, 'perSecond')),
    figure('calls', key, OF_BARES_P50, ofBare(key, 'p50Us')),
    figure(
      'calls',
      key,
      'per second',
      measured.map(({ perSecond }) => perSecond),
    ),
    figure(
      'calls',
      key,
      'µs, p50',
      measured.map(({ p50Us }) => p50Us),
    ),
    figure(
      'calls',
      key,
      'µs, p99',
      measured.map(({ p99Us }) => p99Us),
    ),
  ]);
}

/** One row for each system: with many connections, and with one. */
export function callsTable(figures: readonly Figure[]): string {
  const [many, one] = CONNECTIONS;
  const names = [...new Set(figures.map(({ name }) => name.split(' · ')[0] as string))];
  const of = (name: string, connections: number | undefined, unit: string): number =>
    figures.find((each) => each.name === `${name} · ${connections}` && each.unit === unit)?.median ?? Number.NaN;
  return markdownTable(
    names.map((name) => ({
      what: name,
      [`a second, ${many} connections`]: shown(of(name, many, 'per second')),
      'of bare koa': shown(of(name, many, OF_BARE)),
      'ms at the 99th percentile': shown(of(name, many, 'µs, p99') / 1_000),
      [`ms, ${one} connection`]: shown(of(name, one, 'µs, p50') / 1_000),
      'of bare koa, times': shown(of(name, one, OF_BARES_P50)),
    })),
  );
}
