/** How much of our time a compartment's messages take. Code that has broken out can send more than we can read. */

/** A compartment whose messages take more than this share of our time is flooding us. */
const MAX_SHARE = 0.5;
/** The share is averaged over about this time. */
const WINDOW_MS = 2_000;

export class MessageLoad {
  #share = 0;
  #handledMs = 0;
  #checkedAt = 0;

  /** @param handledMs total time spent on the compartment's messages so far */
  isFlood(handledMs: number): boolean {
    const now = performance.now();
    const elapsedMs = Math.max(1, now - this.#checkedAt);
    const weight = Math.min(1, elapsedMs / WINDOW_MS);
    this.#share += ((handledMs - this.#handledMs) / elapsedMs - this.#share) * weight;
    this.#handledMs = handledMs;
    this.#checkedAt = now;
    return this.#share > MAX_SHARE;
  }
}
