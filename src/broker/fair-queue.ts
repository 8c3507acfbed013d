/**
 * Who is served next in the runtime's own process: one request in each turn of the event loop, of each
 * owner in its turn. However many requests one has open, others are served between any two of them; and
 * who has had much of the runtime's CPU time waits in proportion.
 */

/** The part of a core's time that an owner's requests may have in the long run, and where others wait. */
const SHARE = 0.5;
const BUSY_SHARE = 0.1;
/** What may be used up at once. */
const BURST_MS = 50;
/** What it may owe: nobody waits for longer than it takes to pay that, two seconds. */
const DEBT_MS = 200;
/** Of the event loop: beyond it, others wait for it. */
const BUSY_UTILIZATION = 0.6;
const UTILIZATION_OVER_MS = 50;

/** What an owner may still use, as of a moment. */
interface Credit {
  leftMs: number;
  at: number;
}

export class FairQueue {
  readonly #lines = new Map<string, (() => void)[]>();
  /** Of those who have used any. */
  readonly #credits = new Map<string, Credit>();
  #isTurnTaken = false;
  #utilizationSince = performance.eventLoopUtilization();
  #utilizationAt = performance.now();
  #isBusy = false;
  #pause: NodeJS.Timeout | undefined;

  /** Resolves when it is this owner's turn. */
  turn(owner: string): Promise<void> | undefined {
    if (!this.#isTurnTaken && this.#pauseMs(owner) === 0) return this.#takeTurn();
    return new Promise((resolve) => {
      const line = this.#lines.get(owner);
      if (line) line.push(resolve);
      else this.#lines.set(owner, [resolve]);
      if (!this.#isTurnTaken) this.#serveNext();
    });
  }

  /** Counts the CPU time that an owner's request has used. */
  charge(owner: string, cpuMs: number): void {
    const credit = this.#creditOf(owner);
    credit.leftMs = Math.max(credit.leftMs - cpuMs, -DEBT_MS);
    this.#credits.set(owner, credit);
  }

  /** Whether the event loop has had little idle time lately. */
  get isBusy(): boolean {
    const now = performance.now();
    if (now - this.#utilizationAt < UTILIZATION_OVER_MS) return this.#isBusy;
    const current = performance.eventLoopUtilization();
    this.#isBusy = performance.eventLoopUtilization(current, this.#utilizationSince).utilization > BUSY_UTILIZATION;
    this.#utilizationSince = current;
    this.#utilizationAt = now;
    return this.#isBusy;
  }

  get #share(): number {
    return this.isBusy ? BUSY_SHARE : SHARE;
  }

  #creditOf(owner: string): Credit {
    const now = performance.now();
    const credit = this.#credits.get(owner);
    if (!credit) return { leftMs: BURST_MS, at: now };
    credit.leftMs = Math.min(BURST_MS, credit.leftMs + (now - credit.at) * this.#share);
    credit.at = now;
    return credit;
  }

  /** How long an owner has to wait until it may use more. */
  #pauseMs(owner: string): number {
    if (!this.#credits.has(owner)) return 0;
    const { leftMs } = this.#creditOf(owner);
    if (leftMs === BURST_MS) this.#credits.delete(owner);
    return Math.max(0, -leftMs / this.#share);
  }

  #takeTurn(): undefined {
    this.#isTurnTaken = true;
    setImmediate(() => {
      this.#isTurnTaken = false;
      this.#serveNext();
    });
  }

  /** The first owner that need not wait; without one, looks again when the first of them may. */
  #serveNext(): void {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const [owner, line] of this.#lines) {
      const pauseMs = this.#pauseMs(owner);
      if (pauseMs > 0) {
        soonestMs = Math.min(soonestMs, pauseMs);
        continue;
      }
      this.#lines.delete(owner);
      const serve = line.shift();
      if (line.length > 0) this.#lines.set(owner, line);
      this.#takeTurn();
      return serve?.();
    }
    if (soonestMs === Number.POSITIVE_INFINITY || this.#pause) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (!this.#isTurnTaken) this.#serveNext();
    }, Math.ceil(soonestMs)).unref();
  }
}
