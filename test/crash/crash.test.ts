/** Killed a few times under load; `npm run crash` does it three hundred times. */
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { crashFlows } from './flows.ts';
import { crashNodes } from './nodes.ts';
import { crash, randomFrom } from './rig.ts';

/** Each is a start of the server and up to a second of load. One in six is of the database. */
const ROUNDS = 6;

test('nothing acknowledged is lost and nothing is half done, whenever the process is killed', async () => {
  const tally = await crash(await temporaryFolder(), ROUNDS, randomFrom(30));
  expect(tally.losses).toEqual([]);
  expect(tally.rounds).toBe(ROUNDS);
  expect(tally.acknowledged).toBeGreaterThan(100);
}, 240_000);

test('the same of one of several nodes, of their database, and of the network between', async () => {
  const tally = await crashNodes(await temporaryFolder(), { rounds: ROUNDS, nodes: 2 }, randomFrom(31));
  expect(tally.losses).toEqual([]);
  expect([tally.rounds, tally.databaseKills, tally.networkBreaks]).toEqual([ROUNDS, 1, 1]);
  expect(tally.acknowledged).toBeGreaterThan(100);
}, 240_000);

test('killed in the middle of jobs, no record is missing, and what hooks change is there once', async () => {
  const tally = await crashFlows(await temporaryFolder(), { rounds: 2, nodes: 1 }, randomFrom(32));
  expect(tally.losses).toEqual([]);
  expect([tally.rounds, tally.records]).toEqual([2, 2_000]);
}, 240_000);
