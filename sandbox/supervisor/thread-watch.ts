/** Watches one thread from outside: which run had it lately, and whether it is stuck. */
import type { CompartmentThread } from './compartment-thread.ts';

/** The thread cuts a run off shortly after its CPU time is used up. If it has not by this much later, it never will. */
const STUCK_AFTER_MS = 650;

export class ThreadWatch {
  readonly thread: CompartmentThread;
  #observedActiveAt = -1;
  /** CPU time of the process when the thread was last seen to be active. */
  #cpuMsAtActivity = 0;

  constructor(thread: CompartmentThread) {
    this.thread = thread;
  }

  /** The run that has the thread, or else the last one that had it since the previous `observe`. */
  get recentRun(): string | undefined {
    const { currentRun, lastActiveAt, lastRun } = this.thread;
    return currentRun ?? (this.#observedActiveAt === lastActiveAt ? undefined : lastRun);
  }

  /** @param cpuMs CPU time of the process; undefined if it cannot be read */
  observe(cpuMs: number | undefined): void {
    const { lastActiveAt } = this.thread;
    if (this.#observedActiveAt === lastActiveAt) return;
    this.#observedActiveAt = lastActiveAt;
    this.#cpuMsAtActivity = cpuMs ?? 0;
  }

  /**
   * A thread that should have cut off its run by now is in code that cannot be interrupted.
   *
   * @param limitMs CPU limit of the run that has the thread
   * @param cpuMs as for `observe`
   * @returns the CPU time used since the thread was last active; undefined if it is not stuck
   */
  stuckMs(limitMs: number, cpuMs: number | undefined): number | undefined {
    if (!this.thread.isReady) return undefined;
    const inactiveMs = performance.now() - this.thread.lastActiveAt;
    const usedMs = cpuMs === undefined ? inactiveMs : cpuMs - this.#cpuMsAtActivity;
    // With less CPU time, the thread is just waiting for a core.
    return inactiveMs > limitMs + STUCK_AFTER_MS && usedMs > limitMs / 2 ? usedMs : undefined;
  }
}
