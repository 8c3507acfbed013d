/** When a checkpoint comes: the store has been quiet for a moment, or it has waited long enough. */

const QUIET_MS = 25;
/** At the latest. */
const CHECKPOINT_MS = 2_000;

export class CheckpointTimer {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #waitsSince = 0;
  #committedAt = 0;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** There was a commit: the moment of quiet begins anew. */
  committed(): void {
    this.#committedAt = performance.now();
  }

  /** Waits for so long, unless it waits already. */
  wait(ms: number = QUIET_MS): void {
    if (!this.#timer) this.#wait(ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(ms: number): void {
    if (!this.#timer) this.#waitsSince = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const now = performance.now();
      const quietMs = now - this.#committedAt;
      if (quietMs < QUIET_MS && now - this.#waitsSince < CHECKPOINT_MS) return this.#wait(QUIET_MS - quietMs);
      // A checkpoint that is still going on waits for the next moment by itself, unless one is waited for.
      this.#timer = undefined;
      this.#onDue();
    }, ms);
  }
}
