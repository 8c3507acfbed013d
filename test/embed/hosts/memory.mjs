/**
 * What the runtime and one compartment have in memory with the settings for a small device (Linux):
 * `npm run build && node --max-semi-space-size=4 test/embed/hosts/memory.mjs`, in a folder that may be written.
 */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRuntime } from 'bulkhead';
import { CONNECTOR, children, folders, say } from './parts.mjs';

const REST_MS = 10_000;
const megabytes = (pid, field) =>
  Math.round(
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024,
  );
const of = (pid) => ({ residentMb: megabytes(pid, 'Rss'), ownShareMb: megabytes(pid, 'Pss') });

const given = folders('memory');
const runtime = await createRuntime({
  ...given,
  port: 0,
  compartments: 1,
  warmIsolates: 8,
  runMemoryMb: 32,
  compartmentMemoryMb: 256,
  compartmentIdleMs: 600_000,
});
await runtime.listen();
await runtime.ready();
for (let i = 0; i < 4; i++) {
  const { _id } = await runtime.install(CONNECTOR, { tag: `${i}` });
  for (let j = 0; j < 100; j++) await runtime.call(_id, 'settings', 'echo', { word: 'hello' });
}
await sleep(REST_MS);
say({ runtime: of('self'), compartments: children().map(of) });
await runtime.close();
await rm(dirname(given.data), { recursive: true });
