/** When a checkpoint comes: the store has been quiet for a moment, or it has waited long enough. */

const QUIET_MS = 25;
/** At the latest. */
const MAX_DELAY_MS = 2_000;
/** The same where a large document is to be written, which must not cost its size with each small commit. */
const LARGE_QUIET_MS = 1_000;
const LARGE_MAX_DELAY_MS = 20_000;

export class CheckpointTimer {
  readonly #onDue: () => void;
  readonly #isLarge: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  #waitingSince = 0;
  #committedAt = 0;

  /** @param isLarge whether the checkpoint would write a large document */
  constructor(onDue: () => void, isLarge: () => boolean) {
    this.#onDue = onDue;
    this.#isLarge = isLarge;
  }

  /** There was a commit: the moment of quiet begins anew. */
  committed(): void {
    this.#committedAt = performance.now();
  }

  /** Waits for so long, unless it waits already. */
  schedule(ms: number = QUIET_MS): void {
    if (!this.#timer) this.#schedule(ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(ms: number): void {
    if (!this.#timer) this.#waitingSince = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const now = performance.now();
      const quietMs = now - this.#committedAt;
      const [requiredQuietMs, maxDelayMs] = this.#isLarge()
        ? [LARGE_QUIET_MS, LARGE_MAX_DELAY_MS]
        : [QUIET_MS, MAX_DELAY_MS];
      if (quietMs < requiredQuietMs && now - this.#waitingSince < maxDelayMs)
        return this.#schedule(requiredQuietMs - quietMs);
      // A checkpoint that is still going on waits for the next moment by itself, unless one is waited for.
      this.#timer = undefined;
      this.#onDue();
    }, ms);
  }
}
