/**
 * `npm run crash`: kills a server under load `--rounds` (300) times, from `--seed` on, and prints what was found. With
 * `--store postgres --nodes 3` it kills one of so many nodes, and now and then their database, or the
 * network between them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crashNodes } from './nodes.ts';
import { crash, randomFrom } from './rig.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    store: { type: 'string' },
    nodes: { type: 'string', default: '3' },
  },
});
const rounds = Number(values.rounds ?? 300);
const seed = Number(values.seed ?? Date.now() % 1e6);
const folder = await mkdtemp(join(tmpdir(), 'bulkhead-crash-'));
const { acknowledged, cutOff, losses, databaseKills, networkBreaks, ...tally } =
  values.store === 'postgres'
    ? await crashNodes(folder, { rounds, nodes: Number(values.nodes) }, randomFrom(seed))
    : { ...(await crash(folder, rounds, randomFrom(seed))), databaseKills: 0, networkBreaks: 0 };
process.stdout.write(
  [
    `killed under load: ${tally.rounds} times, seed ${seed}${databaseKills > 0 ? `; ${databaseKills} of them the database, ${networkBreaks} a network` : ''}`,
    `acknowledged: ${acknowledged} requests, amiss afterwards: ${losses.length}`,
    `cut off: ${cutOff.done + cutOff.undone + cutOff.half} requests, found done: ${cutOff.done}, not done: ${cutOff.undone}, half done: ${cutOff.half}`,
    ...losses,
    '',
  ].join('\n'),
);
if (losses.length > 0) process.exitCode = 1;
else await rm(folder, { recursive: true });
