import { expect, test } from 'vitest';
import { FairQueue } from '../../src/broker/fair-queue.ts';

test('owners are served round robin', async () => {
  const queue = new FairQueue();
  const served: string[] = [];
  let othersServed = 0;
  const keepOn = (): void => {
    othersServed++;
    if (served.length < 7) setImmediate(keepOn);
  };
  keepOn();
  const request = async (name: string): Promise<void> => {
    await queue.nextTurn(name.charAt(0));
    served.push(name);
    expect(othersServed).toBeGreaterThanOrEqual(served.length - 1);
  };
  await Promise.all(['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map(request));
  expect(served).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

test('a single owner does not wait', async () => {
  const queue = new FairQueue();
  expect(queue.nextTurn('a')).toBe(undefined);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(queue.nextTurn('a')).toBe(undefined);
});

test('an owner in CPU debt waits in proportion, and delays nobody else', async () => {
  const queue = new FairQueue();
  queue.charge('a', 100);
  const startedAt = performance.now();
  const waited = Promise.resolve(queue.nextTurn('a')).then(() => performance.now() - startedAt);
  expect(queue.nextTurn('b')).toBe(undefined);
  // 50 ms are free; of the other 50 at most half comes back in each millisecond.
  expect(await waited).toBeGreaterThan(90);
  // It has paid.
  await Promise.race([queue.nextTurn('a'), new Promise((_, reject) => setTimeout(reject, 10_000))]);
});
