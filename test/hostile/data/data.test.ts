/**
 * What a connector writes, answers, ships or makes a user send holds nobody up (contract 10.6). Against a real
 * server, one attack after the other, each with its control. `npm run hostile -- --only data` measures the same on a
 * machine that does nothing else, with the contract's bounds and a neighbour beside each flood.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DataAttack } from './attack.ts';
import { attacks } from './attacks.ts';
import { type Bounds, complaints, tryAttack } from './measure.ts';
import { Scene } from './scene.ts';

/** Wide: other tests share the machine. The contract has 50 ms and 64 MiB. */
const BOUNDS: Bounds = { heldMs: 300, growthMb: 160, tookMs: 60_000, neighbourPart: 0 };
const FLOOD_MS = 1_000;
/** What the server has more than at the beginning, at rest after all of them. */
const GROWTH_MB = 110;
/** A server that does not answer any more is ended after a minute. */
const TIMEOUT_MS = 120_000;

let scene: Scene;
let startedWithMb: number;

beforeAll(async () => {
  scene = await Scene.open({ floodMs: FLOOD_MS });
  startedWithMb = (await scene.prober.readings()).afterMb;
});
afterAll(() => scene.close());

describe.each(Object.entries(attacks))('%s', (_subject, all) => {
  const rows = all.filter(({ isLong }) => !isLong).map((attack): [string, DataAttack] => [attack.name, attack]);
  test.each(rows)('%s', { timeout: TIMEOUT_MS }, async (_name, attack) => {
    expect(complaints(await tryAttack(scene, attack), BOUNDS)).toEqual([]);
  });
});

test.runIf(process.platform === 'linux')('the server gives their memory back', { timeout: 60_000 }, () =>
  vi.waitFor(
    async () => expect((await scene.prober.readings()).afterMb).toBeLessThanOrEqual(startedWithMb + GROWTH_MB),
    { timeout: 30_000, interval: 100 },
  ),
);

test('no two have the same name', () => {
  const names = Object.values(attacks).flatMap((all) => all.map(({ name }) => name));
  expect(names.length).toBeGreaterThanOrEqual(60);
  expect(new Set(names).size).toBe(names.length);
});
