/** Which run is to blame when something is wrong with a compartment's process as a whole. */
import type { ById } from '../by-id.ts';
import type { Fault } from '../protocol.ts';
import type { CompartmentRun } from './compartment-run.ts';
import type { CompartmentThread } from './compartment-thread.ts';
import type { MemoryWatch } from './memory-watch.ts';

export interface Culprit {
  readonly run: CompartmentRun;
  readonly fault: Fault;
  /** CPU time of the run, if known. */
  readonly usedMs?: number;
}

export class Blame {
  readonly #threads: readonly CompartmentThread[];
  readonly #runs: ById<CompartmentRun>;
  readonly #memory: MemoryWatch;

  constructor(threads: readonly CompartmentThread[], runs: ById<CompartmentRun>, memory: MemoryWatch) {
    this.#threads = threads;
    this.#runs = runs;
    this.#memory = memory;
  }

  /**
   * Of the running runs, the one during which the process grew most, or else the one whose thread has been
   * silent longest. If all runs are waiting and there is only one, that one.
   */
  suspect(reason: Fault): Culprit | undefined {
    const running = this.#threads
      .filter(({ isReady, currentRun }) => isReady && currentRun !== undefined)
      .sort((a, b) => a.lastActiveAt - b.lastActiveAt)
      .map(({ currentRun }) => currentRun as string);
    const run = this.#runs.get(this.#memory.largestGrower(running) ?? running[0] ?? '') ?? this.#onlyRun();
    return run && { run, fault: reason };
  }

  /**
   * Considers waiting runs, too: one may hold memory while another is running. Undefined if the process grew notably
   * during none of them: runs that have ended left the memory.
   */
  memorySuspect(): Culprit | undefined {
    const run = this.#runs.get(this.#memory.largestGrower(this.#runs.values().map(({ job }) => job.runId)) ?? '');
    return run && { run, fault: 'memory_limit_exceeded' };
  }

  #onlyRun(): CompartmentRun | undefined {
    const [only, ...others] = this.#runs.values();
    return others.length === 0 && only?.thread.isReady ? only : undefined;
  }
}
