/** Replaced sixty times under load; `npm run swap` does it five hundred times. */
import { expect, test } from 'vitest';
import { swapUnderLoad } from './rig.ts';

test('while a bundle is replaced under load no call fails, each is answered by one version, and memory stays flat', async () => {
  const { failures, mixed, swaps, calls, versions, residentMb, compartments } = await swapUnderLoad(60, 32);
  expect(failures).toEqual([]);
  expect(mixed).toBe(0);
  expect(swaps).toBe(60);
  expect(calls).toBeGreaterThan(100);
  expect(versions).toBeGreaterThan(10);
  const [early, late] = residentMb;
  expect(late).toBeLessThan(early * 1.5 + 30);
  // The one that serves, one in which replacements are tried, the spare one, and one that is going.
  expect(compartments).toBeLessThanOrEqual(4);
}, 240_000);
