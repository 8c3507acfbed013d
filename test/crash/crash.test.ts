/** Killed fifteen times under load; `npm run crash` does it three hundred times. */
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { crash, randomFrom } from './rig.ts';

/** Each is a start of the server and up to a second of load. */
const ROUNDS = 15;

test('nothing acknowledged is lost and nothing is half done, whenever the process is killed', async () => {
  const tally = await crash(await temporaryFolder(), ROUNDS, randomFrom(30));
  expect(tally.losses).toEqual([]);
  expect(tally.rounds).toBe(ROUNDS);
  expect(tally.acknowledged).toBeGreaterThan(100);
}, 240_000);
