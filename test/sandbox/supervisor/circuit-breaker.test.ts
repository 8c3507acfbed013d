import { expect, test } from 'vitest';
import { CircuitBreaker } from '../../../sandbox/supervisor/circuit-breaker.ts';

const MINUTE_MS = 60_000;

test('the allowed number of crashes keeps the circuit closed; one more opens it', () => {
  const breaker = new CircuitBreaker(3);
  for (const at of [0, 1, 2]) breaker.crashed('c', at);
  expect([breaker.isOpen('c'), breaker.pauseLeftMs('c', 2)]).toEqual([false, 0]);
  breaker.crashed('c', 3);
  expect([breaker.isOpen('c'), breaker.pauseLeftMs('c', 3)]).toEqual([true, 1_000]);
  expect(breaker.isOpen('another')).toBe(false);
});

test('crashes more than a minute ago do not count', () => {
  const breaker = new CircuitBreaker(1);
  breaker.crashed('c', 0);
  breaker.crashed('c', MINUTE_MS + 1);
  expect(breaker.isOpen('c')).toBe(false);
});

test('the pause doubles up to a minute and ends by itself; a success closes the circuit', () => {
  const breaker = new CircuitBreaker(0);
  const pauses: number[] = [];
  let now = 0;
  for (let i = 0; i < 8; i++) {
    breaker.crashed('c', now);
    const pause = breaker.pauseLeftMs('c', now);
    pauses.push(pause / 1_000);
    now += pause;
    expect([breaker.pauseLeftMs('c', now), breaker.isOpen('c')]).toEqual([0, true]);
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  breaker.succeeded('c');
  expect(breaker.isOpen('c')).toBe(false);
  breaker.crashed('c', now);
  expect(breaker.pauseLeftMs('c', now)).toBe(1_000);
});
