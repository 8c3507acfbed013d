/** A counting semaphore over a fair quota. Waiting owners are served round robin, each in order. */
import { FairQuota } from './fair-quota.ts';

export class FairSemaphore {
  readonly #quota: FairQuota;
  /** Waiting callers by owner. The first owner is served next. */
  readonly #queues = new Map<string, Set<() => void>>();
  #waiting = 0;

  /** @param perOwner an owner's limit, should its share be larger */
  constructor(capacity: number, perOwner = capacity) {
    this.#quota = new FairQuota(capacity, perOwner);
  }

  get used(): number {
    return this.#quota.used;
  }

  get waiting(): number {
    return this.#waiting;
  }

  waitingOf(owner: string): number {
    return this.#queues.get(owner)?.size ?? 0;
  }

  /** @returns false if there is no capacity, or the owner has waiting callers */
  tryAcquire(owner: string): boolean {
    return !this.#queues.has(owner) && this.#quota.take(owner);
  }

  /** Waits for capacity. Resolves to the function that releases it. Rejects with the signal's reason. */
  async acquire(owner: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (!this.tryAcquire(owner)) await this.#wait(owner, signal);
    let isHeld = true;
    return () => {
      if (isHeld) this.release(owner);
      isHeld = false;
    };
  }

  /** Releases what `tryAcquire` has acquired. */
  release(owner: string): void {
    this.#quota.release(owner);
    if (this.#waiting > 0) this.#admitWaiting();
  }

  #wait(owner: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(owner) ?? new Set();
      const leaveQueue = (): void => {
        signal?.removeEventListener('abort', abandon);
        queue.delete(admit);
        this.#waiting--;
        if (queue.size === 0) this.#queues.delete(owner);
      };
      const admit = (): void => {
        leaveQueue();
        resolve();
      };
      const abandon = (): void => {
        leaveQueue();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abandon, { once: true });
      this.#queues.set(owner, queue.add(admit));
      this.#waiting++;
    });
  }

  /** Round robin over the owners while there is capacity. It is taken here: the caller resumes only a moment later. */
  #admitWaiting(): void {
    for (const [owner, queue] of this.#queues) {
      const [admit] = queue;
      if (!admit || !this.#quota.take(owner)) continue;
      admit();
      // Move the owner to the end, where this loop reaches it again.
      if (this.#queues.delete(owner)) this.#queues.set(owner, queue);
    }
  }
}
