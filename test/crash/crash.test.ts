/** Killed thirty times under load; `npm run crash` does it three hundred times. */
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { crash, randomFrom } from './rig.ts';

test('nothing acknowledged is lost and nothing is half done, whenever the process is killed', async () => {
  const tally = await crash(await temporaryFolder(), 30, randomFrom(30));
  expect(tally.losses).toEqual([]);
  expect(tally.rounds).toBe(30);
  expect(tally.acknowledged).toBeGreaterThan(100);
}, 240_000);
