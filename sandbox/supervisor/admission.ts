/**
 * How many runs may be in flight, and who waits for a turn. Of the room that is left for all, nobody
 * takes more than half: however many one connector has in flight, the next one finds room.
 */

export interface AdmissionOptions {
  /** Runs in flight, all connectors together. */
  readonly runs: number;
  /** Runs in flight of one connector. */
  readonly runsPerConnector: number;
  /** Runs of one connector that wait for a turn; what is over is refused. */
  readonly queuePerConnector: number;
}

/** More are kept only as long as somebody is in them. */
const IDLE_QUEUES = 100;

interface Queue {
  inFlight: number;
  readonly waiting: Set<() => void>;
}

export class Admission {
  readonly #options: AdmissionOptions;
  /** Of the connectors that have runs in flight or waiting, and of those that had, as long as there are few. */
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

  /** Takes a place if one is free and nobody waits for it. */
  enter(connectorId: string): boolean {
    const queue = this.#queues.get(connectorId) ?? { inFlight: 0, waiting: new Set() };
    if (queue.waiting.size > 0 || !this.#hasCapacity(queue)) return false;
    this.#queues.set(connectorId, queue);
    queue.inFlight++;
    this.#inFlight++;
    return true;
  }

  /** Waits for a place; resolves to false if the queue is full, nobody left in time, or the signal came. */
  wait(connectorId: string, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    const queue = this.#queues.get(connectorId) ?? { inFlight: 0, waiting: new Set() };
    if (queue.waiting.size >= this.#options.queuePerConnector || signal?.aborted) return Promise.resolve(false);
    this.#queues.set(connectorId, queue);
    return new Promise((resolve) => {
      const end = (isIn: boolean): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        queue.waiting.delete(admit);
        this.#waiting--;
        resolve(isIn);
      };
      const admit = (): void => end(true);
      const giveUp = (): void => {
        end(false);
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

  /** One run of each connector in turn, as long as there is room. */
  #admitWaiting(): void {
    if (this.#waiting === 0) return;
    for (const [connectorId, queue] of this.#queues) {
      const [admit] = queue.waiting;
      if (!admit || !this.#hasCapacity(queue)) continue;
      queue.inFlight++;
      this.#inFlight++;
      admit();
      // Behind the others, where this loop comes to it again.
      this.#queues.delete(connectorId);
      this.#queues.set(connectorId, queue);
    }
  }

  #forgetIfEmpty(connectorId: string, { inFlight, waiting }: Queue): void {
    if (this.#queues.size > IDLE_QUEUES && inFlight === 0 && waiting.size === 0) this.#queues.delete(connectorId);
  }
}
