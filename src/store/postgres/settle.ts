/** Finds out what became of a write whose connection broke before the answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../store.ts';

/** Limit of all attempts together. */
const SETTLE_MS = 3_000;
const EVERY_MS = 100;

/**
 * Repeats a write until the database answers. The write must be idempotent, even if an attempt arrives after a later
 * one.
 *
 * @param write gets the error of an earlier attempt whose outcome is unknown
 * @param onError called after each failed attempt
 * @throws StoreError with `isOutcomeUnknown` if the database does not come back in time
 */
export async function settle<T>(write: (unsettled?: StoreError) => Promise<T>, onError: () => void): Promise<T> {
  const until = performance.now() + SETTLE_MS;
  for (let unsettled: StoreError | undefined; ; ) {
    try {
      return await write(unsettled);
    } catch (error) {
      onError();
      if (!(error instanceof StoreError)) throw error;
      if (error.isOutcomeUnknown) unsettled = error;
      if (!unsettled || performance.now() > until) throw unsettled ?? error;
      await delay(EVERY_MS);
    }
  }
}
