/** Schedules checkpoints: when commits pause for a moment, or after a maximum delay. */

const QUIET_MS = 25;
const MAX_DELAY_MS = 2_000;
/** Longer for a large document, so that many small commits share one write of it. */
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

  /** Restarts the quiet period. */
  committed(): void {
    this.#committedAt = performance.now();
  }

  /** Does nothing if a checkpoint is scheduled already. */
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
      // Cleared first, so that a checkpoint can schedule the next one.
      this.#timer = undefined;
      this.#onDue();
    }, ms);
  }
}
