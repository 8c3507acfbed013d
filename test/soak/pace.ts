/** Repeats work at a steady rate until a signal aborts. */
import { setTimeout as sleep } from 'node:timers/promises';

const TICK_MS = 10;
/** Beyond so many at once the rate is not kept. */
const OPEN_MAX = 256;

/** Begins so many a second, however long each takes. */
export async function paced(perSecond: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const open = new Set<Promise<void>>();
  let dueAt = performance.now();
  while (!signal.aborted) {
    for (; dueAt <= performance.now(); dueAt += 1_000 / perSecond) {
      if (open.size >= OPEN_MAX) continue;
      const one: Promise<void> = work().finally(() => open.delete(one));
      open.add(one);
    }
    await pause(TICK_MS, signal);
  }
  await Promise.all(open);
}

/** One after another, each so long after the last one began. */
export async function every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const nextAt = performance.now() + ms;
    await work();
    await pause(Math.max(0, nextAt - performance.now()), signal);
  }
}

/** Ends early, without an error, when the signal aborts. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => {});
