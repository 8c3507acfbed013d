/**
 * Watches the resident memory of a compartment's process, which includes what heap limits do not count.
 * The process may have what its runs have reserved and what its threads retain for later runs.
 */

const MB = 1024 * 1024;
/** A new process takes about half of this. */
const BASE_BYTES = 256 * MB;
/** Kill at once, without shedding caches, when this far over budget (plus what ended runs may have left). */
const KILL_MARGIN_BYTES = 64 * MB;
/** Smaller growth has many causes and proves nothing. */
const NOTABLE_GROWTH_BYTES = 16 * MB;
/** Time until shed memory has returned to the system. */
const SHED_GRACE_MS = 300;

export interface MemoryBudget {
  /** What all current runs together may use. */
  readonly reservedBytes: number;
  /** What the threads say they retain. */
  readonly retainedBytes: number;
}

export class MemoryWatch {
  readonly #limitBytes: number;
  #residentBytes = 0;
  /** Resident memory when it was last within budget. */
  #lastFitBytes = 0;
  /** Reservations of the runs that ended since the last check: their memory may not be free yet. */
  #recentlyEndedBytes = 0;
  /** The largest of those reservations. */
  #largestEndedBytes = 0;
  #shedAt: number | undefined;
  /** Growth of the process while a run was running, by run id. */
  readonly #growth = new Map<string, number>();

  /** @param residentMb hard limit in MiB, whatever the budget */
  constructor(residentMb: number) {
    this.#limitBytes = residentMb * MB;
  }

  /**
   * @param running ids of the runs that have had a thread since the last check
   * @returns `over`: kill the process; `shed`: release idle isolates now
   */
  check(
    residentBytes: number,
    { reservedBytes, retainedBytes }: MemoryBudget,
    running: readonly string[],
  ): MemoryDecision {
    const growthBytes = residentBytes - this.#residentBytes;
    this.#residentBytes = residentBytes;
    if (growthBytes > 0) {
      for (const runId of running)
        this.#growth.set(runId, (this.#growth.get(runId) ?? 0) + growthBytes / running.length);
    }
    const budgetBytes = BASE_BYTES + retainedBytes + reservedBytes;
    if (residentBytes <= budgetBytes + this.#largestEndedBytes) this.#lastFitBytes = residentBytes;
    const marginBytes = KILL_MARGIN_BYTES + this.#recentlyEndedBytes;
    this.#recentlyEndedBytes = 0;
    this.#largestEndedBytes = 0;
    // Memory used by earlier runs goes back to the system late, if at all.
    const softLimitBytes = Math.max(budgetBytes, this.#lastFitBytes + reservedBytes);
    if (residentBytes > Math.min(this.#limitBytes, softLimitBytes + marginBytes)) return 'over';
    if (residentBytes <= softLimitBytes) {
      this.#shedAt = undefined;
      return 'fits';
    }
    const now = performance.now();
    if (this.#shedAt !== undefined) return now - this.#shedAt > SHED_GRACE_MS ? 'over' : 'fits';
    this.#shedAt = now;
    return 'shed';
  }

  /** The run during which the process grew most; undefined if no run made it grow notably. */
  largestGrower(runIds: Iterable<string>): string | undefined {
    let most: string | undefined;
    let mostBytes = NOTABLE_GROWTH_BYTES;
    for (const runId of runIds) {
      const bytes = this.#growth.get(runId) ?? 0;
      if (bytes > mostBytes) [most, mostBytes] = [runId, bytes];
    }
    return most;
  }

  /** @param reservedBytes what the run might have used */
  runEnded(runId: string, reservedBytes: number): void {
    this.#recentlyEndedBytes += reservedBytes;
    this.#largestEndedBytes = Math.max(this.#largestEndedBytes, reservedBytes);
    if (this.#growth.size > 0) this.#growth.delete(runId);
  }
}

export type MemoryDecision = 'fits' | 'shed' | 'over';
