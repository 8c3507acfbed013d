/** Refuses connectors that keep crashing their compartment, for growing pauses (contract 10.6). */

const WINDOW_MS = 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

interface Crashes {
  /** Of the last minute, oldest first. */
  readonly times: number[];
  /** 0 while the circuit is closed. */
  pauseMs: number;
  openUntil: number;
}

export class CircuitBreaker {
  readonly #crashesPerMinute: number;
  readonly #crashes = new Map<string, Crashes>();

  constructor(crashesPerMinute: number) {
    this.#crashesPerMinute = crashesPerMinute;
  }

  /** Each crash beyond the allowed number starts a pause, twice as long as the last one. */
  crashed(connectorId: string, now = performance.now()): void {
    const crashes = this.#crashes.get(connectorId) ?? { times: [], pauseMs: 0, openUntil: 0 };
    this.#crashes.set(connectorId, crashes);
    crashes.times.push(now);
    while ((crashes.times[0] ?? now) < now - WINDOW_MS) crashes.times.shift();
    // Once the circuit is open, every crash counts: the pauses themselves make crashes rarer.
    if (crashes.times.length <= this.#crashesPerMinute && crashes.pauseMs === 0) return;
    crashes.pauseMs = Math.min(LONGEST_PAUSE_MS, crashes.pauseMs * 2 || FIRST_PAUSE_MS);
    crashes.openUntil = now + crashes.pauseMs;
  }

  /** A run has succeeded: closes the circuit. Crashes of the last minute still count. */
  succeeded(connectorId: string): void {
    const crashes = this.#crashes.get(connectorId);
    if (!crashes) return;
    crashes.pauseMs = 0;
    crashes.openUntil = 0;
    if ((crashes.times.at(-1) ?? 0) < performance.now() - WINDOW_MS) this.#crashes.delete(connectorId);
  }

  /** Whether it has crashed its compartment within the last minute. */
  hasCrashedRecently(connectorId: string, now = performance.now()): boolean {
    return (this.#crashes.get(connectorId)?.times.at(-1) ?? Number.NEGATIVE_INFINITY) > now - WINDOW_MS;
  }

  /** Open from the first pause until a run succeeds. */
  isOpen(connectorId: string): boolean {
    return (this.#crashes.get(connectorId)?.pauseMs ?? 0) > 0;
  }

  /** How long runs are refused; 0 if they are admitted. */
  pauseLeftMs(connectorId: string, now = performance.now()): number {
    return Math.max(0, (this.#crashes.get(connectorId)?.openUntil ?? 0) - now);
  }
}
