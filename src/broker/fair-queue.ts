/**
 * Schedules requests in the runtime's own process: one per turn of the event loop, round robin over the owners. An owner
 * with many open requests therefore delays others by one at most. CPU time is metered by a token bucket per owner; an
 * owner in debt waits.
 */

/** Long-term share of a core per owner, while the event loop is idle and while it is busy. */
const SHARE = 0.5;
const BUSY_SHARE = 0.1;
/** CPU time that may be used in one burst. */
const BURST_MS = 50;
/** Maximum debt. It bounds the wait to two seconds (`DEBT_MS / BUSY_SHARE`). */
const DEBT_MS = 200;
/** Event loop utilization above which it counts as busy. */
const BUSY_UTILIZATION = 0.6;
/** How often utilization is measured. */
const UTILIZATION_WINDOW_MS = 50;

/** CPU time left to an owner at a moment; negative is debt. */
interface Credit {
  leftMs: number;
  at: number;
}

export class FairQueue {
  readonly #queues = new Map<string, (() => void)[]>();
  /** Owners without an entry have the full burst. */
  readonly #credits = new Map<string, Credit>();
  #isTurnTaken = false;
  #utilizationSince = performance.eventLoopUtilization();
  #utilizationAt = performance.now();
  #isBusy = false;
  #wakeUp: NodeJS.Timeout | undefined;

  /** Waits for this owner's turn. Undefined: no need to wait. */
  nextTurn(owner: string): Promise<void> | undefined {
    if (!this.#isTurnTaken && this.#waitMs(owner) === 0) return this.#takeTurn();
    return new Promise((resolve) => {
      const queue = this.#queues.get(owner);
      if (queue) queue.push(resolve);
      else this.#queues.set(owner, [resolve]);
      if (!this.#isTurnTaken) this.#serveNext();
    });
  }

  /** Deducts CPU time used by an owner's request. */
  charge(owner: string, cpuMs: number): void {
    const credit = this.#creditOf(owner);
    credit.leftMs = Math.max(credit.leftMs - cpuMs, -DEBT_MS);
    this.#credits.set(owner, credit);
  }

  /** Whether the event loop has been busy lately. */
  get isBusy(): boolean {
    const now = performance.now();
    if (now - this.#utilizationAt < UTILIZATION_WINDOW_MS) return this.#isBusy;
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

  /** How long an owner has to wait until its debt is paid. */
  #waitMs(owner: string): number {
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

  /** Serves the first owner without debt. If all have debt, tries again when the first of them has paid. */
  #serveNext(): void {
    let soonestMs = Number.POSITIVE_INFINITY;
    for (const [owner, queue] of this.#queues) {
      const waitMs = this.#waitMs(owner);
      if (waitMs > 0) {
        soonestMs = Math.min(soonestMs, waitMs);
        continue;
      }
      this.#queues.delete(owner);
      const serve = queue.shift();
      if (queue.length > 0) this.#queues.set(owner, queue);
      this.#takeTurn();
      return serve?.();
    }
    if (soonestMs === Number.POSITIVE_INFINITY || this.#wakeUp) return;
    this.#wakeUp = setTimeout(() => {
      this.#wakeUp = undefined;
      if (!this.#isTurnTaken) this.#serveNext();
    }, Math.ceil(soonestMs)).unref();
  }
}
