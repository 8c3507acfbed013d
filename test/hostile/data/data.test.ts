/**
 * Whatever a connector writes, answers, ships or makes a user send delays nobody (contract 10.6). Runs attacks
 * and their controls against a real server. `npm run hostile -- --only data` runs all of them on an idle machine, with
 * the contract's bounds and a neighbour beside each flood.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DataAttack } from './attack.ts';
import { attacks } from './attacks.ts';
import { type Bounds, tryAttack, violations } from './measure.ts';
import { Scene } from './scene.ts';

/** Wide, since other tests share the machine. The contract says 50 ms and 64 MiB. */
const BOUNDS: Bounds = { heldMs: 300, growthMb: 160, tookMs: 60_000, neighbourShare: 0 };
const FLOOD_MS = 1_000;
/** What the server may hold after all attacks beyond what it held before, when its libraries are loaded. */
const GROWTH_MB = 40;
/** A server that does not answer is killed after a minute. */
const TIMEOUT_MS = 120_000;

let scene: Scene;
let startedWithMb: number;

beforeAll(async () => {
  scene = await Scene.open({ floodMs: FLOOD_MS });
  startedWithMb = await scene.heldMb();
});
afterAll(() => scene.close());

describe.each(Object.entries(attacks))('%s', (_subject, all) => {
  // Every other one, for time's sake. `npm run hostile` runs all.
  const some = all.filter(({ isLong }, index) => !isLong && index % 2 === 0);
  const rows = some.map((attack): [string, DataAttack] => [attack.name, attack]);
  test.each(rows)('%s', { timeout: TIMEOUT_MS }, async (_name, attack) => {
    expect(violations(await tryAttack(scene, attack), BOUNDS)).toEqual([]);
  });
});

test('the server holds none of their data', { timeout: 60_000 }, () =>
  vi.waitFor(async () => expect(await scene.heldMb()).toBeLessThanOrEqual(startedWithMb + GROWTH_MB), {
    timeout: 30_000,
    interval: 500,
  }),
);

test('names are unique', () => {
  const names = Object.values(attacks).flatMap((all) => all.map(({ name }) => name));
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
});
