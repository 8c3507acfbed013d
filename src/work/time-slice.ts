/** Long work in short pieces: others have their turn after every few milliseconds. */
import { setImmediate as turn } from 'node:timers/promises';

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

  /** Lets others have their turn, and begins the next piece. */
  async next(): Promise<void> {
    await turn();
    this.#endsAt = performance.now() + SLICE_MS;
  }
}
