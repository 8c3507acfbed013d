/**
 * `npm run crash`: kills a server under load `--rounds` (300) times, from `--seed` on, and prints what was found. With
 * `--store postgres --nodes 3` it kills one of so many nodes, and now and then their database, or the
 * network between them. With `--flows` it kills in the middle of jobs, 200 times, and counts every record.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crashFlows } from './flows.ts';
import { crashNodes } from './nodes.ts';
import { crash, randomFrom } from './rig.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    store: { type: 'string' },
    nodes: { type: 'string', default: '3' },
    flows: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Date.now() % 1e6);
const isShared = values.store === 'postgres';
const nodes = Number(values.nodes);
const folder = await mkdtemp(join(tmpdir(), 'bulkhead-crash-'));
const losses = values.flows ? await reportFlows() : await reportRequests();
if (losses.length > 0) process.exitCode = 1;
else await rm(folder, { recursive: true });

async function reportRequests(): Promise<string[]> {
  const rounds = Number(values.rounds ?? 300);
  const { acknowledged, cutOff, losses, databaseKills, networkBreaks, ...tally } = isShared
    ? await crashNodes(folder, { rounds, nodes }, randomFrom(seed))
    : { ...(await crash(folder, rounds, randomFrom(seed))), databaseKills: 0, networkBreaks: 0 };
  print(
    `killed under load: ${tally.rounds} times, seed ${seed}${databaseKills > 0 ? `; ${databaseKills} of them the database, ${networkBreaks} a network` : ''}`,
    `acknowledged: ${acknowledged} requests, amiss afterwards: ${losses.length}`,
    `cut off: ${cutOff.done + cutOff.undone + cutOff.half} requests, found done: ${cutOff.done}, not done: ${cutOff.undone}, half done: ${cutOff.half}`,
    ...losses,
  );
  return losses;
}

async function reportFlows(): Promise<string[]> {
  const options = { rounds: Number(values.rounds ?? 200), nodes: isShared ? nodes : 1 };
  const { rounds, records, twice, losses } = await crashFlows(folder, options, randomFrom(seed));
  print(
    `killed in the middle of jobs: ${rounds} times, seed ${seed}`,
    `records: ${records}, of them sent twice: ${twice}, amiss: ${losses.length}`,
    ...losses.slice(0, 20),
  );
  return losses;
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
