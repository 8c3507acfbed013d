/** Limits the runs in flight, shared fairly by connectors. Each connector has a bounded queue. */
import { FairSemaphore } from '../fair-semaphore.ts';

export interface AdmissionOptions {
  /** Runs in flight, all connectors together. */
  readonly runs: number;
  /** Runs in flight of one connector. */
  readonly runsPerConnector: number;
  /** Queued runs of one connector. Further ones are refused. */
  readonly queuePerConnector: number;
}

export class Admission {
  readonly #runs: FairSemaphore;
  readonly #queuePerConnector: number;

  constructor({ runs, runsPerConnector, queuePerConnector }: AdmissionOptions) {
    this.#runs = new FairSemaphore(runs, runsPerConnector);
    this.#queuePerConnector = queuePerConnector;
  }

  get inFlight(): number {
    return this.#runs.used;
  }

  get waiting(): number {
    return this.#runs.waiting;
  }

  /** Admits a run at once if there is capacity and no run of its connector is waiting. */
  enter(connectorId: string): boolean {
    return this.#runs.tryAcquire(connectorId);
  }

  /** Waits for admission. Resolves to false if the queue is full, the time is up or the signal aborts. */
  async wait(connectorId: string, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#runs.waitingOf(connectorId) >= this.#queuePerConnector || signal?.aborted) return false;
    const controller = new AbortController();
    const giveUp = (): void => controller.abort();
    const timer = setTimeout(giveUp, limitMs);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await this.#runs.acquire(connectorId, controller.signal);
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  leave(connectorId: string): void {
    this.#runs.release(connectorId);
  }
}
