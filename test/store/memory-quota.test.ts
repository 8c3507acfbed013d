import { expect, test } from 'vitest';
import { MemoryQuota } from '../../src/store/memory-quota.ts';

test('of the room that the others leave nobody takes more than half, and what is given back is there again', () => {
  const room = new MemoryQuota(100);
  expect([room.take('a', 50), room.take('a', 1)]).toEqual([true, false]);
  expect([room.take('b', 26), room.take('b', 25), room.take('b', 1)]).toEqual([false, true, false]);
  expect(room.take('c', 12)).toBe(true);
  room.giveBack('a', 50);
  expect([room.take('d', 32), room.take('d', 31)]).toEqual([false, true]);
  room.giveBack('b', 25);
  room.giveBack('c', 12);
  room.giveBack('d', 31);
  expect(room.take('e', 50)).toBe(true);
});

test('who has more than half of what is left now keeps it, and gets no more', () => {
  const room = new MemoryQuota(100);
  expect([room.take('a', 50), room.take('b', 25)]).toEqual([true, true]);
  expect([room.take('a', 0), room.take('a', 1)]).toEqual([false, false]);
  room.giveBack('a', 20);
  expect(room.take('a', 7)).toBe(true);
});
