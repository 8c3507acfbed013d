/** `npm run oauth`: syncs for `--seconds` (60) with tokens that live for `--life` (2) seconds, and prints what was lost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sync } from './sync.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string' }, life: { type: 'string' } } });
const folder = await mkdtemp(join(tmpdir(), 'bulkhead-oauth-'));
const { statuses, refreshes, failedRefreshes, repeated } = await sync(
  folder,
  Number(values.seconds ?? 60),
  Number(values.life ?? 2),
);
await rm(folder, { recursive: true, force: true });
const lost = Object.entries(statuses).filter(([status]) => status !== '200');
const count = (entries: readonly [string, number][]): number => entries.reduce((sum, [, n]) => sum + n, 0);
process.stdout.write(
  `requests: ${count(Object.entries(statuses))}, lost: ${count(lost)}; refreshes: ${refreshes}, failed: ${failedRefreshes}; repeated after 401: ${repeated}\n`,
);
if (lost.length > 0 || failedRefreshes > 0) process.exitCode = 1;
