import { expect, test } from 'vitest';
import { CircuitBreaker } from '../../../sandbox/supervisor/circuit-breaker.ts';

const MINUTE_MS = 60_000;

test('as many crashes as are allowed hold nobody back, one more does', () => {
  const holdBack = new CircuitBreaker(3);
  for (const at of [0, 1, 2]) holdBack.crashed('c', at);
  expect([holdBack.isOpen('c'), holdBack.pauseLeftMs('c', 2)]).toEqual([false, 0]);
  holdBack.crashed('c', 3);
  expect([holdBack.isOpen('c'), holdBack.pauseLeftMs('c', 3)]).toEqual([true, 1_000]);
  expect(holdBack.isOpen('another')).toBe(false);
});

test('crashes of more than a minute ago do not count', () => {
  const holdBack = new CircuitBreaker(1);
  holdBack.crashed('c', 0);
  holdBack.crashed('c', MINUTE_MS + 1);
  expect(holdBack.isOpen('c')).toBe(false);
});

test('the pause doubles to a minute and is over by itself; a success ends it all', () => {
  const holdBack = new CircuitBreaker(0);
  const pauses: number[] = [];
  let now = 0;
  for (let i = 0; i < 8; i++) {
    holdBack.crashed('c', now);
    const pause = holdBack.pauseLeftMs('c', now);
    pauses.push(pause / 1_000);
    now += pause;
    expect([holdBack.pauseLeftMs('c', now), holdBack.isOpen('c')]).toEqual([0, true]);
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  holdBack.succeeded('c');
  expect(holdBack.isOpen('c')).toBe(false);
  holdBack.crashed('c', now);
  expect(holdBack.pauseLeftMs('c', now)).toBe(1_000);
});
