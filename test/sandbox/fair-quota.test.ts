import { expect, test } from 'vitest';
import { FairQuota } from '../../sandbox/fair-quota.ts';

test('nobody gets more than half of what the others leave free, and what is released can be taken again', () => {
  const quota = new FairQuota(100);
  expect([quota.take('a', 50), quota.take('a', 1)]).toEqual([true, false]);
  expect([quota.take('b', 26), quota.take('b', 25), quota.take('b', 1)]).toEqual([false, true, false]);
  expect(quota.take('c', 12)).toBe(true);
  quota.release('a', 50);
  expect([quota.take('d', 32), quota.take('d', 31)]).toEqual([false, true]);
  quota.release('b', 25);
  quota.release('c', 12);
  quota.release('d', 31);
  expect(quota.take('e', 50)).toBe(true);
});

test('an owner above its present share keeps what it has, and gets no more', () => {
  const quota = new FairQuota(100);
  expect([quota.take('a', 50), quota.take('b', 25)]).toEqual([true, true]);
  expect([quota.take('a', 0), quota.take('a', 1)]).toEqual([false, false]);
  quota.release('a', 20);
  expect(quota.take('a', 7)).toBe(true);
});

test('an owner has at most its own limit, and always a unit of what is free', () => {
  const quota = new FairQuota(3, 1);
  expect(['a', 'a', 'b', 'c', 'd'].map((owner) => quota.take(owner))).toEqual([true, false, true, true, false]);
  expect(quota.used).toBe(3);
  quota.release('b');
  expect(['a', 'd'].map((owner) => quota.take(owner))).toEqual([false, true]);
});
