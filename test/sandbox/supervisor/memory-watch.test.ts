/** What a compartment's process may have in memory, and whose doing it is when it has more. */
import { expect, test } from 'vitest';
import { MemoryWatch } from '../../../sandbox/supervisor/memory-watch.ts';

const MB = 1024 * 1024;
const due = (promisedMb: number) => ({ promisedBytes: promisedMb * MB, retainedBytes: 0 });

test('what a large run has used between two looks is not held against the small one after it', () => {
  const watch = new MemoryWatch(4_096);
  expect(watch.check(150 * MB, due(400), ['large'])).toBe('fits');
  watch.ended('large', 400 * MB);
  expect(watch.check(600 * MB, due(50), ['small'])).toBe('fits');
  expect(watch.check(620 * MB, due(50), ['small'])).toBe('fits');
  expect(watch.check(750 * MB, due(50), ['small'])).toBe('over');
  expect(watch.mostGrown(['small'])).toBe('small');
});

test('many runs, one after the other, make the process no larger than the largest of them may', () => {
  const watch = new MemoryWatch(4_096);
  let residentMb = 150;
  while (watch.check(residentMb * MB, due(50), ['small']) === 'fits') {
    watch.ended('small', 50 * MB);
    residentMb += 10;
  }
  expect(residentMb).toBeLessThan(500);
});

test('short runs that each keep what they may are asked for it before they are blamed, however many end between two looks', () => {
  const watch = new MemoryWatch(4_096);
  const verdicts = [];
  for (let residentMb = 150; verdicts.at(-1) !== 'shed' && verdicts.length < 10; residentMb += 120) {
    verdicts.push(watch.check(residentMb * MB, due(50), ['last']));
    for (const runId of ['first', 'second', 'last']) watch.ended(runId, 50 * MB);
  }
  expect(verdicts).toEqual(['fits', 'fits', 'shed']);
});
