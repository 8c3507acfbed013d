import { expect, test } from 'vitest';
import type { InstallStep } from '../../src/connector/manifest.ts';
import { assertIntegration } from '../../src/integration/integration.ts';
import { completeSteps, mergeSteps, uninstallSteps } from '../../src/integration/steps.ts';
import type { JsonObject } from '../../src/json.ts';
import { ENOUGH_MS, refused, timed } from '../support/timed.ts';

const steps: InstallStep[] = [
  { name: 'One', installerFunction: 'one', completed: false, own: 1 },
  { name: 'Two', installerFunction: 'two', completed: false },
  { name: 'Three', completed: false },
];

test('updates match steps by function, or else by name', () => {
  const merged = mergeSteps(steps, [
    { installerFunction: 'one', description: 'd', name: 'Uno' },
    { name: 'Three', completed: true },
    { installerFunction: 'nope', name: 'Two', completed: true },
  ]);
  expect(merged).toEqual([
    { name: 'Uno', installerFunction: 'one', completed: false, own: 1, description: 'd' },
    steps[1],
    { name: 'Three', completed: true },
  ]);
});

test.each([undefined, null, 'x', [null, 1, []]])('%j updates nothing', (updates) => {
  expect(mergeSteps(steps, updates as never)).toEqual(steps);
});

test('a function completes all its own steps', () => {
  expect(completeSteps(steps, 'installerFunction', 'two').map(({ completed }) => completed)).toEqual([
    false,
    true,
    false,
  ]);
});

test('an update matches a step by the name that an earlier update set', () => {
  const merged = mergeSteps(steps, [
    { installerFunction: 'one', name: 'Three' },
    { name: 'Three', seen: true },
    { name: 'One', seen: true },
    { installerFunction: 'two', name: 'One' },
    { name: 'One', late: true },
  ]);
  expect(merged).toEqual([
    { name: 'Three', installerFunction: 'one', completed: false, own: 1, seen: true },
    { name: 'One', installerFunction: 'two', completed: false, late: true },
    { name: 'Three', completed: false, seen: true },
  ]);
});

test('__proto__ is an ordinary key, and nothing is changed in place', () => {
  const before = structuredClone(steps);
  const [step] = mergeSteps(steps, JSON.parse('[{"installerFunction":"one","__proto__":{"polluted":true}}]'));
  expect(JSON.stringify(step)).toContain('"__proto__":{"polluted":true}');
  expect((step as unknown as { polluted?: true }).polluted).toBeUndefined();
  expect(({} as { polluted?: true }).polluted).toBeUndefined();
  expect(steps).toEqual(before);
});

/** The reference: simple and slow. */
function oneByOne(all: readonly InstallStep[], updates: readonly JsonObject[]): readonly JsonObject[] {
  let merged: readonly JsonObject[] = all;
  for (const update of updates) {
    const field = update.installerFunction === undefined ? 'name' : 'installerFunction';
    merged = merged.map((step) => (step[field] === update[field] ? { ...step, ...update } : step));
  }
  return merged;
}

test('the result equals applying one update after the other', () => {
  const some = <T>(values: readonly T[], seed: number): T => values[seed % values.length] as T;
  let seed = 1;
  const random = (): number => {
    seed = (seed * 48_271) % 0x7fffffff;
    return seed;
  };
  for (let round = 0; round < 300; round++) {
    const part = (): JsonObject => ({
      ...(random() % 3 === 0 ? {} : { name: some(['a', 'b', 'c'], random()) }),
      ...(random() % 2 === 0 ? {} : { installerFunction: some(['f', 'g', null], random()) }),
      [some(['x', 'y', '1'], random())]: random() % 10,
    });
    const before = Array.from({ length: 5 }, () => ({ name: 'a', ...part() })) as unknown as InstallStep[];
    const updates = Array.from({ length: 5 }, part);
    expect(JSON.stringify(mergeSteps(before, updates))).toBe(JSON.stringify(oneByOne(before, updates)));
  }
});

const thousand = Array.from({ length: 1_000 }, (_, i): InstallStep => ({ name: 'a', installerFunction: `f${i}` }));

test.each<[string, readonly JsonObject[]]>([
  ['more updates than a reply may have', Array(350_000).fill({ name: 'a' })],
  ['updates that change every step', Array.from({ length: 1_000 }, (_, i) => ({ name: 'a', [`k${i}`]: i }))],
])('%s are refused', (_, updates) => {
  const { result, ms } = timed(() => refused(() => mergeSteps(thousand, updates as JsonObject[])));
  expect(result.errors).toMatchObject([{ code: 'invalid_field', field: 'stepsToUpdate' }]);
  expect(ms).toBeLessThan(ENOUGH_MS);
});

test('a thousand updates of a thousand steps are fast', () => {
  const updates = thousand.map(({ installerFunction }) => ({ installerFunction: installerFunction ?? '', b: 1, c: 2 }));
  const { result, ms } = timed(() => mergeSteps(thousand, updates));
  expect(result).toHaveLength(1_000);
  expect(result[999]).toEqual({ name: 'a', installerFunction: 'f999', b: 1, c: 2 });
  expect(ms).toBeLessThan(ENOUGH_MS);
});

test('steps are limited in total and one by one', () => {
  const integration = (install: readonly JsonObject[]) => ({ name: 'i', install });
  const step = (keys: number) => ({ name: 'a', ...Object.fromEntries(Array.from({ length: keys }, (_, i) => [i, i])) });
  const text = (chars: number) => ({ name: 'a', form: { text: 't'.repeat(chars) } });
  for (const install of [[step(99)], [text(200_000)], Array(100).fill(text(2_000))]) {
    expect(() => assertIntegration(integration(install))).not.toThrow();
  }
  for (const install of [[step(100)], [text(300_000)], Array(1_000).fill(text(300))]) {
    const { result, ms } = timed(() => refused(() => assertIntegration(integration(install))));
    expect(result.errors).toMatchObject([{ code: 'invalid_field', field: 'install' }]);
    expect(ms).toBeLessThan(ENOUGH_MS);
  }
  expect(refused(() => uninstallSteps(Array(1_001).fill({}))).errors).toMatchObject([{ field: 'uninstall' }]);
});
