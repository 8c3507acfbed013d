/** Code that uses no library pays for none. */
import { expect, test } from 'vitest';
import { costOf } from './costs.ts';

test('without libraries, an isolate has a small heap and a quick first call; with all of them, it stays far below the limit', async () => {
  const nothing = await costOf('nothing');
  const everything = await costOf('everything');
  expect(nothing.heapMb).toBeLessThan(1.5);
  expect(nothing.callMs).toBeLessThan(everything.callMs / 3);
  expect(everything.heapMb).toBeLessThan(8);
});
