/**
 * Resident memory of a compartment's process: all that its heap limits do not count. What its runs were
 * promised, and what its threads keep for the next runs, it may have.
 */

const MB = 1024 * 1024;
/** A process that has done nothing yet takes about half of it. */
const BASE_BYTES = 256 * MB;
/** Beyond its due by so much, and by what runs may have left that have just ended, it is not given the time to shed anything. */
const FAR_BYTES = 64 * MB;
/** A process grows by less for many reasons. */
const NOTABLE_BYTES = 16 * MB;
/** What was shed is back with the system by then. */
const SHED_MS = 300;

export interface MemoryBudget {
  /** What the runs inside may use, together. */
  readonly promisedBytes: number;
  /** What the threads say that they keep. */
  readonly retainedBytes: number;
}

export class MemoryWatch {
  readonly #limitBytes: number;
  #residentBytes = 0;
  /** Resident memory when it was last within what was due. */
  #fittingBytes = 0;
  /** What runs were promised that have ended since the last look, each of them and the largest: it may still be there. */
  #endedBytes = 0;
  #endedMostBytes = 0;
  #shedAt: number | undefined;
  /** By which runs it has grown while they ran. */
  readonly #grown = new Map<string, number>();

  /** @param residentMb whatever is due, in MiB */
  constructor(residentMb: number) {
    this.#limitBytes = residentMb * MB;
  }

  /**
   * @param running the runs that have had a thread since the last look
   * @returns whether it may stay so; `shed`: if what is kept for later goes at once
   */
  check(
    residentBytes: number,
    { promisedBytes, retainedBytes }: MemoryBudget,
    running: readonly string[],
  ): MemoryDecision {
    const grownBytes = residentBytes - this.#residentBytes;
    this.#residentBytes = residentBytes;
    if (grownBytes > 0) {
      for (const runId of running) this.#grown.set(runId, (this.#grown.get(runId) ?? 0) + grownBytes / running.length);
    }
    const dueBytes = BASE_BYTES + retainedBytes + promisedBytes;
    if (residentBytes <= dueBytes + this.#endedMostBytes) this.#fittingBytes = residentBytes;
    const farBytes = FAR_BYTES + this.#endedBytes;
    this.#endedBytes = 0;
    this.#endedMostBytes = 0;
    // Memory that many runs have used comes back to the system late, if at all.
    const softBytes = Math.max(dueBytes, this.#fittingBytes + promisedBytes);
    if (residentBytes > Math.min(this.#limitBytes, softBytes + farBytes)) return 'over';
    if (residentBytes <= softBytes) {
      this.#shedAt = undefined;
      return 'fits';
    }
    const now = performance.now();
    if (this.#shedAt !== undefined) return now - this.#shedAt > SHED_MS ? 'over' : 'fits';
    this.#shedAt = now;
    return 'shed';
  }

  /** Of these runs the one that made it grow most; nothing if none did by much. */
  mostGrown(runIds: Iterable<string>): string | undefined {
    let most: string | undefined;
    let mostBytes = NOTABLE_BYTES;
    for (const runId of runIds) {
      const bytes = this.#grown.get(runId) ?? 0;
      if (bytes > mostBytes) [most, mostBytes] = [runId, bytes];
    }
    return most;
  }

  /** @param promisedBytes what it might have used */
  ended(runId: string, promisedBytes: number): void {
    this.#endedBytes += promisedBytes;
    this.#endedMostBytes = Math.max(this.#endedMostBytes, promisedBytes);
    if (this.#grown.size > 0) this.#grown.delete(runId);
  }
}

export type MemoryDecision = 'fits' | 'shed' | 'over';
