import { expect, test } from 'vitest';
import type { InstallStep } from '../../src/connector/manifest.ts';
import { completeSteps, mergeSteps } from '../../src/integration/steps.ts';

const steps: InstallStep[] = [
  { name: 'One', installerFunction: 'one', completed: false, own: 1 },
  { name: 'Two', installerFunction: 'two', completed: false },
  { name: 'Three', completed: false },
];

test('updates find their step by function, or else by name', () => {
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

test('a function completes every step that is its own', () => {
  expect(completeSteps(steps, 'installerFunction', 'two').map(({ completed }) => completed)).toEqual([
    false,
    true,
    false,
  ]);
});
