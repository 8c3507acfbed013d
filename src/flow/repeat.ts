/** Repeats a page while the application, the sandbox or the store is temporarily unavailable. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestError } from '../errors.ts';
import type { Paused } from './engine-answer.ts';
import { flowLimits } from './limits.ts';

/** Nothing has changed, and neither the connector nor the flow is to blame. */
const TEMPORARY: readonly string[] = ['overloaded', 'sandbox_restarted', 'store_unavailable', 'conflict'];
const FIRST_PAUSE_MS = 200;
const LONGEST_BACKOFF_MS = 60_000;

const backoffMs = (attempt: number): number =>
  Math.min(LONGEST_BACKOFF_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + Math.random() / 2);

function pauseAfter(error: unknown): Omit<Paused, 'kind'> | undefined {
  if (!(error instanceof RequestError) || !TEMPORARY.includes(error.code)) return undefined;
  return { afterMs: 0, code: error.code, message: error.message };
}

/**
 * @param signal ends the pauses: rejects with its reason
 * @throws RequestError the last error, or the pause's code after too many repetitions
 */
export async function repeated<T extends { readonly kind: string }>(
  work: () => Promise<T | Paused>,
  signal: AbortSignal,
): Promise<Exclude<T, Paused>> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    let pause: Omit<Paused, 'kind'> | undefined;
    try {
      const result = await work();
      if (result.kind !== 'paused') return result as Exclude<T, Paused>;
      pause = result as Paused;
    } catch (error) {
      pause = pauseAfter(error);
      if (!pause || attempt >= flowLimits.repeats) throw error;
    }
    if (attempt >= flowLimits.repeats) {
      throw new RequestError(422, [{ code: pause.code, message: pause.message }]);
    }
    const ms = Math.min(flowLimits.longestPauseMs, Math.max(pause.afterMs, backoffMs(attempt)));
    await sleep(ms, undefined, { signal, ref: false });
  }
}
