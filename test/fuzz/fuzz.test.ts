/**
 * Every operation of the API, with what nobody would send, from outside and out of runs: each reply is one that the
 * contract has, nobody is held up, and what is left behind is whole. `npm run fuzz -- --seconds 300` goes on for longer.
 */
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { aftermath } from './aftermath.ts';
import { fuzz, inWords } from './fuzz.ts';
import { World } from './world.ts';

const SECONDS = 8;
/** Wide: other tests share the machine. */
const HELD_MS = 1_000;
/** The same every time; `npm run fuzz` begins somewhere else each time. */
const SEED = 20_260_101;
/** Fewer say nothing. */
const REQUESTS = 100;

test('no request gets a reply that the contract does not have', { timeout: 120_000 }, async () => {
  const world = await World.open(await temporaryFolder());
  onTestFinished(() => void world.server.stop('SIGKILL'));
  const { requests, failure } = await fuzz(world, { seconds: SECONDS, seed: SEED, heldMs: HELD_MS });
  expect(failure && inWords(failure)).toBeUndefined();
  expect(await aftermath(world)).toEqual([]);
  expect(requests).toBeGreaterThan(REQUESTS);
});
