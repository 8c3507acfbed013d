/**
 * Limits the runs in flight, with a queue for each connector. A connector may take at most half of the
 * remaining capacity, so there is always some left for another one.
 */

export interface AdmissionOptions {
  /** Runs in flight, all connectors together. */
  readonly runs: number;
  /** Runs in flight of one connector. */
  readonly runsPerConnector: number;
  /** Queued runs of one connector. Further ones are refused. */
  readonly queuePerConnector: number;
}

/** Above this number, empty queues are removed. */
const IDLE_QUEUES = 100;

interface Queue {
  inFlight: number;
  readonly waiting: Set<() => void>;
}

export class Admission {
  readonly #options: AdmissionOptions;
  /** By connector. Empty queues are reused while there are few. */
  readonly #queues = new Map<string, Queue>();
  #inFlight = 0;
  #waiting = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Admits a run at once if there is capacity and no run of its connector is waiting. */
  enter(connectorId: string): boolean {
    const queue = this.#queues.get(connectorId) ?? { inFlight: 0, waiting: new Set() };
    if (queue.waiting.size > 0 || !this.#hasCapacity(queue)) return false;
    this.#queues.set(connectorId, queue);
    queue.inFlight++;
    this.#inFlight++;
    return true;
  }

  /** Waits for admission. Resolves to false if the queue is full, the time is up or the signal aborts. */
  wait(connectorId: string, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    const queue = this.#queues.get(connectorId) ?? { inFlight: 0, waiting: new Set() };
    if (queue.waiting.size >= this.#options.queuePerConnector || signal?.aborted) return Promise.resolve(false);
    this.#queues.set(connectorId, queue);
    return new Promise((resolve) => {
      const settle = (isAdmitted: boolean): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        queue.waiting.delete(admit);
        this.#waiting--;
        resolve(isAdmitted);
      };
      const admit = (): void => settle(true);
      const giveUp = (): void => {
        settle(false);
        this.#forgetIfEmpty(connectorId, queue);
      };
      const timer = setTimeout(giveUp, limitMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      queue.waiting.add(admit);
      this.#waiting++;
    });
  }

  leave(connectorId: string): void {
    const queue = this.#queues.get(connectorId);
    if (!queue) return;
    queue.inFlight--;
    this.#inFlight--;
    this.#forgetIfEmpty(connectorId, queue);
    this.#admitWaiting();
  }

  #hasCapacity({ inFlight }: Queue): boolean {
    const { runs, runsPerConnector } = this.#options;
    return inFlight < Math.min(runsPerConnector, runs - this.#inFlight);
  }

  /** Round robin: one run of each connector in turn, while there is capacity. */
  #admitWaiting(): void {
    if (this.#waiting === 0) return;
    for (const [connectorId, queue] of this.#queues) {
      const [admit] = queue.waiting;
      if (!admit || !this.#hasCapacity(queue)) continue;
      queue.inFlight++;
      this.#inFlight++;
      admit();
      // To the end of the map, where this loop visits it again.
      this.#queues.delete(connectorId);
      this.#queues.set(connectorId, queue);
    }
  }

  #forgetIfEmpty(connectorId: string, { inFlight, waiting }: Queue): void {
    if (this.#queues.size > IDLE_QUEUES && inFlight === 0 && waiting.size === 0) this.#queues.delete(connectorId);
  }
}
