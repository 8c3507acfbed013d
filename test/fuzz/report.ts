/**
 * `npm run fuzz`: tries the API for `--seconds` (60), from `--seed` on, and prints each failure that is not like one
 * before. `--path` goes straight to one that was found.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { aftermath } from './aftermath.ts';
import { type Failure, fuzz, inWords } from './fuzz.ts';
import { World } from './world.ts';

/** Of the event loop; what is sent is small. */
const HELD_MS = 100;

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' } },
});
const until = performance.now() + Number(values.seconds ?? 60) * 1_000;
const print = (text: string): boolean => process.stdout.write(`${text}\n`);

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-fuzz-'));
const world = await World.open(folder);
const known = new Set<string>();
const failures: Failure[] = [];
const total: Record<string, number> = {};
let seed = Number(values.seed ?? Date.now() % 1e9);
print(`seed ${seed}`);
for (;;) {
  const seconds = (until - performance.now()) / 1_000;
  if (seconds <= 0) break;
  const { path } = failures.length === 0 ? values : {};
  const { statuses, failure } = await fuzz(world, { seconds, seed, path, heldMs: HELD_MS, known });
  for (const [status, count] of Object.entries(statuses)) total[status] = (total[status] ?? 0) + count;
  if (!failure) break;
  failures.push(failure);
  known.add(failure.signature);
  print(`\n${inWords(failure)}`);
  if (values.path !== undefined) break;
  seed++;
  await world.mend();
}
const amiss = await aftermath(world);
print(
  `\nreplies: ${Object.entries(total)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ')}`,
);
print(`failures: ${failures.length}; afterwards: ${amiss.length === 0 ? 'all is whole' : amiss.join('; ')}`);
await rm(folder, { recursive: true, force: true });
if (failures.length + amiss.length > 0) process.exitCode = 1;
