import { expect, test } from 'vitest';
import { Admission } from '../../../sandbox/supervisor/admission.ts';

const LONG_MS = 60_000;
const admissionOf = (options: object = {}): Admission =>
  new Admission({ runs: 100, runsPerConnector: 2, queuePerConnector: 2, ...options });

function enterAll(admission: Admission, connectorId: string): number {
  let entered = 0;
  while (admission.enter(connectorId)) entered++;
  return entered;
}

test('beyond the limit of a connector, runs wait in order; beyond the queue, they are refused', async () => {
  const admission = admissionOf();
  expect(enterAll(admission, 'c')).toBe(2);
  const order: number[] = [];
  const waiting = [1, 2].map((n) => admission.wait('c', LONG_MS).then((isIn) => isIn && order.push(n)));
  expect(await admission.wait('c', LONG_MS)).toBe(false);
  admission.leave('c');
  await waiting[0];
  expect(admission.enter('c')).toBe(false);
  admission.leave('c');
  await waiting[1];
  expect(order).toEqual([1, 2]);
});

test('a run that waits too long or is cancelled is refused and takes no capacity', async () => {
  const admission = admissionOf({ runsPerConnector: 1 });
  admission.enter('c');
  const controller = new AbortController();
  const cancelled = admission.wait('c', LONG_MS, controller.signal);
  const late = admission.wait('c', 1);
  controller.abort();
  expect(await Promise.all([cancelled, late])).toEqual([false, false]);
  admission.leave('c');
  expect(admission.enter('c')).toBe(true);
});

test('no connector takes more than half of the remaining capacity', () => {
  const admission = admissionOf({ runs: 16, runsPerConnector: 16 });
  expect(['a', 'b', 'c', 'd'].map((id) => enterAll(admission, id))).toEqual([8, 4, 2, 1]);
});

test('admission is round robin: a connector with a long queue does not delay another', async () => {
  const admission = admissionOf({ runs: 4, runsPerConnector: 4, queuePerConnector: 10 });
  expect(['a', 'b', 'c'].map((id) => enterAll(admission, id))).toEqual([2, 1, 1]);
  const order: string[] = [];
  const all = ['a', 'a', 'd', 'a', 'd'].map((id) => admission.wait(id, LONG_MS).then(() => order.push(id)));
  for (const id of ['b', 'c', 'a', 'a', 'd', 'a', 'd']) admission.leave(id);
  await Promise.all(all);
  expect(order.indexOf('d')).toBeLessThan(2);
});
