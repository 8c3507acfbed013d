/** How much memory a compartment's process may use, and which run is to blame when it uses more. */
import { expect, test } from 'vitest';
import { ById } from '../../../sandbox/by-id.ts';
import { Blame } from '../../../sandbox/supervisor/blame.ts';
import type { CompartmentRun } from '../../../sandbox/supervisor/compartment-run.ts';
import type { CompartmentThread } from '../../../sandbox/supervisor/compartment-thread.ts';
import { MemoryWatch } from '../../../sandbox/supervisor/memory-watch.ts';

const MB = 1024 * 1024;
const budget = (reservedMb: number) => ({ reservedBytes: reservedMb * MB, retainedBytes: 0 });

test('memory used by a large run between two checks is not blamed on the small run after it', () => {
  const watch = new MemoryWatch(4_096);
  expect(watch.check(150 * MB, budget(400), ['large'])).toBe('fits');
  watch.runEnded('large', 400 * MB);
  expect(watch.check(600 * MB, budget(50), ['small'])).toBe('fits');
  expect(watch.check(620 * MB, budget(50), ['small'])).toBe('fits');
  expect(watch.check(750 * MB, budget(50), ['small'])).toBe('over');
  expect(watch.largestGrower(['small'])).toBe('small');
});

test('many runs in sequence may not make the process larger than the largest of them may', () => {
  const watch = new MemoryWatch(4_096);
  let residentMb = 150;
  while (watch.check(residentMb * MB, budget(50), ['small']) === 'fits') {
    watch.runEnded('small', 50 * MB);
    residentMb += 10;
  }
  expect(residentMb).toBeLessThan(500);
});

test('when short runs each retain memory, caches are shed before anyone is blamed, however many runs end between two checks', () => {
  const watch = new MemoryWatch(4_096);
  const decisions = [];
  for (let residentMb = 150; decisions.at(-1) !== 'shed' && decisions.length < 10; residentMb += 120) {
    decisions.push(watch.check(residentMb * MB, budget(50), ['last']));
    for (const runId of ['first', 'second', 'last']) watch.runEnded(runId, 50 * MB);
  }
  expect(decisions).toEqual(['fits', 'fits', 'shed']);
});

test('nobody is blamed for memory that ended runs left, and whoever makes the process grow is', () => {
  const watch = new MemoryWatch(4_096);
  watch.check(150 * MB, budget(400), ['large']);
  watch.check(600 * MB, budget(400), ['large']);
  watch.runEnded('large', 400 * MB);
  const runs = new ById<CompartmentRun>();
  runs.set('small', { job: { runId: 'small' } } as CompartmentRun);
  const thread = { isReady: true, currentRun: 'small', lastActiveAt: 0 } as CompartmentThread;
  const blame = new Blame([thread], runs, watch);
  watch.check(605 * MB, budget(50), ['small']);
  expect(blame.memorySuspect()).toBeUndefined();
  watch.check(640 * MB, budget(50), ['small']);
  expect(blame.memorySuspect()).toMatchObject({ run: { job: { runId: 'small' } }, fault: 'memory_limit_exceeded' });
});
