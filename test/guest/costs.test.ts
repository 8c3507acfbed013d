/** Whoever uses no library pays for none. */
import { expect, test } from 'vitest';
import { costOf } from './costs.ts';

test('an isolate that uses none has a small heap', async () => {
  const { heapMb, callMs } = await costOf('nothing');
  expect(heapMb).toBeLessThan(1.5);
  expect(callMs).toBeLessThan(5);
});

test('one that uses all of them stays far below the limit', async () => {
  expect((await costOf('everything')).heapMb).toBeLessThan(8);
});
