/** Finds out whether a write is there whose connection broke before its answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../store.ts';

/** How long a write is tried again, from its start on. */
const SETTLE_MS = 3_000;
const EVERY_MS = 100;

/**
 * Repeats a write until the database has answered. The write must change nothing if it is stored already; once it was
 * repeated, the first one must not arrive late either.
 *
 * @param write given the error of the first attempt if it is repeated
 * @param onError called after each attempt that failed
 * @throws StoreError with `isOutcomeUnknown` if the database does not come back in time
 */
export async function settle<T>(write: (unknown?: StoreError) => Promise<T>, onError: () => void): Promise<T> {
  const until = performance.now() + SETTLE_MS;
  for (let unknown: StoreError | undefined; ; ) {
    try {
      return await write(unknown);
    } catch (error) {
      onError();
      if (!(error instanceof StoreError)) throw error;
      if (error.isOutcomeUnknown) unknown = error;
      if (!unknown || performance.now() > until) throw unknown ?? error;
      await delay(EVERY_MS);
    }
  }
}
