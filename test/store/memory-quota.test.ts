import { expect, test } from 'vitest';
import { MemoryQuota } from '../../src/store/memory-quota.ts';

test('nobody gets more than half of what the others leave free, and released memory can be reserved again', () => {
  const quota = new MemoryQuota(100);
  expect([quota.reserve('a', 50), quota.reserve('a', 1)]).toEqual([true, false]);
  expect([quota.reserve('b', 26), quota.reserve('b', 25), quota.reserve('b', 1)]).toEqual([false, true, false]);
  expect(quota.reserve('c', 12)).toBe(true);
  quota.release('a', 50);
  expect([quota.reserve('d', 32), quota.reserve('d', 31)]).toEqual([false, true]);
  quota.release('b', 25);
  quota.release('c', 12);
  quota.release('d', 31);
  expect(quota.reserve('e', 50)).toBe(true);
});

test('an owner above its present share keeps what it has, and gets no more', () => {
  const quota = new MemoryQuota(100);
  expect([quota.reserve('a', 50), quota.reserve('b', 25)]).toEqual([true, true]);
  expect([quota.reserve('a', 0), quota.reserve('a', 1)]).toEqual([false, false]);
  quota.release('a', 20);
  expect(quota.reserve('a', 7)).toBe(true);
});
