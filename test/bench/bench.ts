/**
 * `npm run bench`: what things cost, beside the least they could and beside what others do. Servers and
 * the load generator are processes of their own; rounds alternate; the figures to look at are the
 * ratios, since machines are shared and noisy.
 *
 * `npm run bench -- flows` runs the parts that it names, without names `calls`, `first-calls`, `scale`, `edge` and
 * `stores`; the others are `cold`, `flows`, `growth`, `pool-run`, `postgres`, `profile` and `routing`. `--only` names
 * them, too, with commas.
 * `--seconds` per measurement (2), `--rounds` (3), `--peers` to measure others as well (after
 * `npm ci --prefix test/bench/peers`; `flows` always does, and n8n after `npm install --prefix test/bench/peers/n8n`),
 * `--json` where the figures go (`test/bench/results.json`), `--document` to write them into docs/performance.md as well.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs, promisify } from 'node:util';
import { calls } from './calls.ts';
import { cold } from './cold.ts';
import { writeDocument } from './document.ts';
import { edge } from './edge.ts';
import type { Figure } from './figures.ts';
import { firstCalls } from './first-calls.ts';
import { flows } from './flows.ts';
import { growth } from './growth.ts';
import { poolRun } from './pool-run.ts';
import { postgres } from './postgres.ts';
import { profile } from './profile.ts';
import { here, type Settings } from './rig.ts';
import { routing } from './routing.ts';
import { scale } from './scale.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'calls,first-calls,scale,edge,stores' },
    peers: { type: 'boolean', default: false },
    json: { type: 'string', default: here('results.json') },
    document: { type: 'boolean', default: false },
  },
});
const settings: Settings = { seconds: Number(values.seconds), rounds: Number(values.rounds) };

const parts: Record<string, () => Promise<Figure[]>> = {
  calls: () => calls(settings, values.peers),
  'first-calls': () => firstCalls(settings),
  scale: () => scale(settings),
  cold: () => cold(settings),
  edge: () => edge(settings),
  flows: () => flows(settings),
  growth: () => growth(settings),
  routing: () => routing(settings),
  'pool-run': () => poolRun(settings),
  profile: () => profile(settings),
  postgres: () => postgres(settings),
  async stores() {
    const options = ['--seconds', values.seconds, '--rounds', values.rounds];
    process.stdout.write((await promisify(execFile)(process.execPath, [here('stores.ts'), ...options])).stdout);
    return [];
  },
};

const figures: Figure[] = [];
for (const name of positionals.length > 0 ? positionals : values.only.split(',')) {
  const part = parts[name];
  if (!part) throw new Error(`there is no part ${name}: ${Object.keys(parts).join(', ')}`);
  figures.push(...(await part()));
}
const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model, node: process.version };
await writeFile(
  values.json,
  `${JSON.stringify({ at: new Date().toISOString(), machine, settings, figures }, null, 2)}\n`,
);
if (values.document) {
  const { cores, cpu, node } = machine;
  const how = `${settings.rounds} rounds of ${settings.seconds} s`;
  const when = new Date().toISOString().slice(0, 10);
  await writeDocument(figures, `${cores} cores for everything (${cpu}), Node ${node}, ${how}, ${when}.`);
}
