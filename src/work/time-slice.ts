/** Splits long work into slices, so that the event loop gets a turn every few milliseconds. */
import { setImmediate as nextTurn } from 'node:timers/promises';

const SLICE_MS = 5;

/**
 * @example
 * const slice = new TimeSlice();
 * for (let i = 0; i < 1_000_000; i++) {
 *   Math.sqrt(i);
 *   if (slice.isOver) await slice.next();
 * }
 */
export class TimeSlice {
  #endsAt = performance.now() + SLICE_MS;

  get isOver(): boolean {
    return performance.now() > this.#endsAt;
  }

  /** Yields to the event loop, then starts the next slice. */
  async next(): Promise<void> {
    await nextTurn();
    this.#endsAt = performance.now() + SLICE_MS;
  }
}
