/**
 * A counting semaphore shared by owners. An owner may use at most half of what the others leave free, so that there is
 * always capacity for one more owner.
 */
export class FairSemaphore {
  readonly #capacity: number;
  #used = 0;
  readonly #usedBy = new Map<string, number>();
  /** Waiting callers by owner. The first owner is served next. */
  readonly #queues = new Map<string, Set<() => void>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Waits for capacity. Resolves to the function that releases it. Rejects with the signal's reason. */
  async acquire(owner: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#queues.has(owner) || !this.#hasCapacityFor(owner)) await this.#wait(owner, signal);
    else this.#take(owner);
    let isHeld = true;
    return () => {
      if (isHeld) this.#release(owner);
      isHeld = false;
    };
  }

  #hasCapacityFor(owner: string): boolean {
    const own = this.#usedBy.get(owner) ?? 0;
    const half = Math.floor((this.#capacity - this.#used + own) / 2);
    return this.#used < this.#capacity && own < Math.max(1, half);
  }

  #take(owner: string): void {
    this.#used++;
    this.#usedBy.set(owner, (this.#usedBy.get(owner) ?? 0) + 1);
  }

  #release(owner: string): void {
    this.#used--;
    const own = (this.#usedBy.get(owner) ?? 0) - 1;
    if (own > 0) this.#usedBy.set(owner, own);
    else this.#usedBy.delete(owner);
    this.#admitWaiting();
  }

  #wait(owner: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(owner) ?? new Set();
      const leaveQueue = (): void => {
        signal?.removeEventListener('abort', abandon);
        queue.delete(admit);
        if (queue.size === 0) this.#queues.delete(owner);
      };
      // Taken here, because the waiting caller resumes only a moment later.
      const admit = (): void => {
        leaveQueue();
        this.#take(owner);
        resolve();
      };
      const abandon = (): void => {
        leaveQueue();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abandon, { once: true });
      this.#queues.set(owner, queue.add(admit));
    });
  }

  /** Round robin over the owners while there is capacity. */
  #admitWaiting(): void {
    for (const [owner, queue] of this.#queues) {
      const [admit] = queue;
      if (!admit || !this.#hasCapacityFor(owner)) continue;
      admit();
      // Move the owner to the end, where this loop reaches it again.
      if (this.#queues.delete(owner)) this.#queues.set(owner, queue);
    }
  }
}
