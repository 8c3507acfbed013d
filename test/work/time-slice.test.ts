import { expect, test } from 'vitest';
import { TimeSlice } from '../../src/work/time-slice.ts';

test('a loop over a long list yields to others', async () => {
  let [turns, isOver] = [0, false];
  const others = (): void => {
    turns++;
    if (!isOver) setImmediate(others);
  };
  others();
  const slice = new TimeSlice();
  for (let item = 0; item < 50; item++) {
    if (slice.isOver) await slice.next();
    const until = performance.now() + 2;
    while (performance.now() < until);
  }
  isOver = true;
  expect(turns).toBeGreaterThan(10);
});
