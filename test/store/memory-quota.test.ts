import { expect, test } from 'vitest';
import { MemoryQuota } from '../../src/store/memory-quota.ts';

test('of the room that the others leave nobody takes more than half, and what is given back is there again', () => {
  const room = new MemoryQuota(100);
  expect([room.reserve('a', 50), room.reserve('a', 1)]).toEqual([true, false]);
  expect([room.reserve('b', 26), room.reserve('b', 25), room.reserve('b', 1)]).toEqual([false, true, false]);
  expect(room.reserve('c', 12)).toBe(true);
  room.release('a', 50);
  expect([room.reserve('d', 32), room.reserve('d', 31)]).toEqual([false, true]);
  room.release('b', 25);
  room.release('c', 12);
  room.release('d', 31);
  expect(room.reserve('e', 50)).toBe(true);
});

test('who has more than half of what is left now keeps it, and gets no more', () => {
  const room = new MemoryQuota(100);
  expect([room.reserve('a', 50), room.reserve('b', 25)]).toEqual([true, true]);
  expect([room.reserve('a', 0), room.reserve('a', 1)]).toEqual([false, false]);
  room.release('a', 20);
  expect(room.reserve('a', 7)).toBe(true);
});
