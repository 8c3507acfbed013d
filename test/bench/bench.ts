/**
 * `npm run bench`: what a call costs beside the least that koa can do, in one run and alternating.
 * The figures to look at are the ratios; the machine is shared and noisy. `--seconds` per
 * measurement (2), `--rounds` (3).
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createClient } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { childrenOf, tracesOf } from '../support/traces.ts';
import type { Load, Measured } from './load.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string' }, rounds: { type: 'string' } } });
const SECONDS = Number(values.seconds ?? 2);
const ROUNDS = Number(values.rounds ?? 3);
const INTEGRATIONS = 50;
const COLD_CALLS = 30;
const RECORDS = 100;
const READS = 200;
/** Fewer than a compartment keeps. */
const WARM_ISOLATES = 100;
const TOKEN = 'the-benchs-token';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'bulkhead-bench-'));
const children: ChildProcess[] = [];

function listening(file: string, environment: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [file], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += `${text}`;
      const url = /listening on (http:\S+)\n/.exec(out)?.[1];
      if (url) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
}

async function measure(load: Omit<Load, 'token' | 'seconds'>): Promise<Measured> {
  const argument = JSON.stringify({ token: TOKEN, seconds: SECONDS, ...load });
  const { stdout } = await promisify(execFile)(process.execPath, [here('load.ts'), argument]);
  return JSON.parse(stdout) as Measured;
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

try {
  await writeBundle(folder, 'bench', {
    connector: { settings: { sections: [{ fields: [{ name: 'text', type: 'textarea', value: '' }] }] } },
    code: `exports.settings = { echo: (options) => options, async write({ _integrationId, text }) {
      const settings = { sections: [{ fields: [{ name: 'text', type: 'textarea', value: text }] }] };
      await fetch('/v1/integrations/' + _integrationId, { method: 'PUT', body: JSON.stringify({ settings }) });
    } };
    exports.utilities = { cold: () => 1, async records({ _integrationId, count }) {
      for (let i = 0; i < count; i++) {
        await fetch('/v1/connections', { method: 'POST', body: JSON.stringify({ name: 'connection ' + i, _integrationId }) });
      }
    }, async reads({ _integrationId, count }) {
      for (let i = 0; i < count; i++) await (await fetch('/v1/integrations/' + _integrationId)).json();
    } };`,
  });
  await writeBundle(folder, 'warm', { code: 'exports.utilities = { cold: () => 1 };' });
  const bareUrl = await listening(here('bare-koa.ts'), {});
  const url = await listening(here('../../src/main.ts'), {
    BULKHEAD_PORT: '0',
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: join(folder, '.data'),
    BULKHEAD_CONNECTORS: folder,
    BULKHEAD_LOG: 'error',
  });
  const client = createClient(url, TOKEN);
  const connectors: { _id: string; name: string }[] = (await client('GET', '/connectors')).body;
  const install = async (name = 'bench'): Promise<string> => {
    const connectorId = connectors.find((connector) => connector.name === name)?._id;
    return (await client('POST', `/integrations/${connectorId}/install`)).body._id;
  };
  const ids: string[] = [];
  for (let i = 0; i < INTEGRATIONS; i++) ids.push(await install());

  const text = 'x'.repeat(1900);
  const paths = (name: string): string[] => ids.map((id) => `/integrations/${id}/settings/${name}`);
  const echoBody = JSON.stringify({ text, numbers: [1, 2, 3], nested: { flag: true } });
  const rows: [string, Omit<Load, 'token' | 'seconds' | 'connections'>][] = [
    ['bare koa', { url: bareUrl, paths: ['/'], body: echoBody }],
    ['echo', { url, paths: paths('echo'), body: echoBody }],
    ['settings write', { url, paths: paths('persistSettings'), body: JSON.stringify({ pending: { text } }) }],
    ['write by the connector', { url, paths: paths('write'), body: JSON.stringify({ text }) }],
  ];
  const results = new Map<string, Measured[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const connections of [32, 1]) {
      for (const [name, load] of rows) {
        const key = `${name} · ${connections}`;
        results.set(key, [...(results.get(key) ?? []), await measure({ ...load, connections })]);
      }
    }
    process.stderr.write(`round ${round + 1} of ${ROUNDS}\n`);
  }

  const coldMs: number[] = [];
  for (let i = 0; i < COLD_CALLS; i++) {
    const id = await install();
    const startedAt = performance.now();
    await client('PUT', `/integrations/${id}/utilities/cold`);
    coldMs.push(performance.now() - startedAt);
  }

  const timed = async (name: string, count: number): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < COLD_CALLS; i++) {
      const id = await install();
      await client('PUT', `/integrations/${id}/utilities/${name}`, { count: 0 });
      const startedAt = performance.now();
      await client('PUT', `/integrations/${id}/utilities/${name}`, { count });
      times.push(performance.now() - startedAt);
    }
    return median(times);
  };
  const recordsMs = await timed('records', RECORDS);
  const requestMs = ((await timed('reads', READS)) - (await timed('reads', 0))) / READS;

  /** By process: the one that grows is the one that serves the calls. */
  const residentMb = async (): Promise<Map<number, number>> => {
    const compartments = await childrenOf(children.at(-1)?.pid as number);
    return new Map(
      await Promise.all(compartments.map(async (pid) => [pid, (await tracesOf(pid)).residentMb] as const)),
    );
  };
  const warm = async (): Promise<unknown> => client('PUT', `/integrations/${await install('warm')}/utilities/cold`);
  let isolateMb = Number.NaN;
  if (process.platform === 'linux') {
    for (let i = 0; i < 2; i++) await warm();
    const before = await residentMb();
    for (let i = 0; i < WARM_ISOLATES; i++) await warm();
    const grownMb = [...(await residentMb())].map(([pid, its]) => its - (before.get(pid) ?? its));
    isolateMb = Math.max(...grownMb) / WARM_ISOLATES;
  }

  const of = (key: string, figure: keyof Measured): number =>
    median((results.get(key) ?? []).map((each) => each[figure]));
  const table = [...results.keys()].map((key) => {
    const bare = `bare koa · ${key.split(' · ')[1]}`;
    return {
      'what · connections': key,
      'per second': Math.round(of(key, 'perSecond')),
      'of bare koa': (of(key, 'perSecond') / of(bare, 'perSecond')).toFixed(2),
      'p50 µs': Math.round(of(key, 'p50Us')),
      'p50 × bare koa': (of(key, 'p50Us') / of(bare, 'p50Us')).toFixed(1),
      'p99 µs': Math.round(of(key, 'p99Us')),
      failed: of(key, 'failed'),
    };
  });
  const lines = table.map((row) => Object.values(row));
  const heads = Object.keys(table[0] ?? {});
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...lines.map((line) => String(line[column]).length)),
  );
  const format = (line: readonly unknown[]): string =>
    line.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join('  ');
  process.stdout.write(`${[heads, ...lines].map(format).join('\n')}\n`);
  process.stdout.write(
    [
      `cold call, first of an integration: p50 ${median(coldMs).toFixed(1)} ms of ${COLD_CALLS}`,
      `a run that creates ${RECORDS} records: p50 ${recordsMs.toFixed(0)} ms, with its commit`,
      `a request from a run to the runtime's own API: ${requestMs.toFixed(2)} ms`,
      `memory of a warm isolate: ${isolateMb.toFixed(1)} MiB`,
      '',
    ].join('\n'),
  );
  for (const child of children) child.kill('SIGTERM');
  const options = ['--seconds', String(SECONDS), '--rounds', String(ROUNDS)];
  process.stdout.write((await promisify(execFile)(process.execPath, [here('stores.ts'), ...options])).stdout);
} finally {
  for (const child of children) child.kill('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}
