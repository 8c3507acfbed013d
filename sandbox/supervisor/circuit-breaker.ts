/** Connectors that keep bringing their compartment down are held back for a growing while (contract 10.6). */

const WINDOW_MS = 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

interface Crashes {
  /** Of the last minute, the oldest first. */
  readonly at: number[];
  /** 0: not held. */
  pauseMs: number;
  openUntil: number;
}

export class CircuitBreaker {
  readonly #crashesPerMinute: number;
  readonly #crashes = new Map<string, Crashes>();

  constructor(crashesPerMinute: number) {
    this.#crashesPerMinute = crashesPerMinute;
  }

  /** Each crash over the number begins a pause, twice as long as the one before it. */
  crashed(connectorId: string, now = performance.now()): void {
    const crashes = this.#crashes.get(connectorId) ?? { at: [], pauseMs: 0, openUntil: 0 };
    this.#crashes.set(connectorId, crashes);
    crashes.at.push(now);
    while ((crashes.at[0] ?? now) < now - WINDOW_MS) crashes.at.shift();
    // Who is held back crashes less often because of that.
    if (crashes.at.length <= this.#crashesPerMinute && crashes.pauseMs === 0) return;
    crashes.pauseMs = Math.min(LONGEST_PAUSE_MS, crashes.pauseMs * 2 || FIRST_PAUSE_MS);
    crashes.openUntil = now + crashes.pauseMs;
  }

  /** A run has succeeded: the pauses end. Its crashes of the last minute still count. */
  succeeded(connectorId: string): void {
    const crashes = this.#crashes.get(connectorId);
    if (!crashes) return;
    crashes.pauseMs = 0;
    crashes.openUntil = 0;
    if ((crashes.at.at(-1) ?? 0) < performance.now() - WINDOW_MS) this.#crashes.delete(connectorId);
  }

  /** Whether it has brought its compartment down in the last minute. */
  hasCrashedRecently(connectorId: string, now = performance.now()): boolean {
    return (this.#crashes.get(connectorId)?.at.at(-1) ?? Number.NEGATIVE_INFINITY) > now - WINDOW_MS;
  }

  /** From the first pause until a run succeeds. */
  isOpen(connectorId: string): boolean {
    return (this.#crashes.get(connectorId)?.pauseMs ?? 0) > 0;
  }

  /** How long no run is let in; 0 if one is. */
  pauseLeftMs(connectorId: string, now = performance.now()): number {
    return Math.max(0, (this.#crashes.get(connectorId)?.openUntil ?? 0) - now);
  }
}
