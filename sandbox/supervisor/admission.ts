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
const LINES = 100;

interface Line {
  inFlight: number;
  readonly waiting: Set<() => void>;
}

export class Admission {
  readonly #options: AdmissionOptions;
  /** Of the connectors that have runs in flight or waiting, and of those that had, as long as there are few. */
  readonly #lines = new Map<string, Line>();
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
    const line = this.#lines.get(connectorId) ?? { inFlight: 0, waiting: new Set() };
    if (line.waiting.size > 0 || !this.#hasRoom(line)) return false;
    this.#lines.set(connectorId, line);
    line.inFlight++;
    this.#inFlight++;
    return true;
  }

  /** Waits for a place; resolves to false if the queue is full, nobody left in time, or the signal came. */
  turn(connectorId: string, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    const line = this.#lines.get(connectorId) ?? { inFlight: 0, waiting: new Set() };
    if (line.waiting.size >= this.#options.queuePerConnector || signal?.aborted) return Promise.resolve(false);
    this.#lines.set(connectorId, line);
    return new Promise((resolve) => {
      const end = (isIn: boolean): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        line.waiting.delete(goIn);
        this.#waiting--;
        resolve(isIn);
      };
      const goIn = (): void => end(true);
      const giveUp = (): void => {
        end(false);
        this.#forgetIfEmpty(connectorId, line);
      };
      const timer = setTimeout(giveUp, limitMs);
      signal?.addEventListener('abort', giveUp, { once: true });
      line.waiting.add(goIn);
      this.#waiting++;
    });
  }

  leave(connectorId: string): void {
    const line = this.#lines.get(connectorId);
    if (!line) return;
    line.inFlight--;
    this.#inFlight--;
    this.#forgetIfEmpty(connectorId, line);
    this.#letIn();
  }

  #hasRoom({ inFlight }: Line): boolean {
    const { runs, runsPerConnector } = this.#options;
    return inFlight < Math.min(runsPerConnector, runs - this.#inFlight);
  }

  /** One run of each connector in turn, as long as there is room. */
  #letIn(): void {
    if (this.#waiting === 0) return;
    for (const [connectorId, line] of this.#lines) {
      const [goIn] = line.waiting;
      if (!goIn || !this.#hasRoom(line)) continue;
      line.inFlight++;
      this.#inFlight++;
      goIn();
      // Behind the others, where this loop comes to it again.
      this.#lines.delete(connectorId);
      this.#lines.set(connectorId, line);
    }
  }

  #forgetIfEmpty(connectorId: string, { inFlight, waiting }: Line): void {
    if (this.#lines.size > LINES && inFlight === 0 && waiting.size === 0) this.#lines.delete(connectorId);
  }
}
