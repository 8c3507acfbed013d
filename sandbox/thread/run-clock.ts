/** Measures a run's time with our own clocks, and says how long its next entry into the isolate may take. */
import type { Limits } from '../protocol.ts';

/**
 * The isolate's timeout measures wall time, but the limit is CPU time. So a loop is cut off this long after
 * its CPU time would have run out on an idle machine, and many short entries after twice as long.
 */
const CPU_SLACK_MS = 250;

/**
 * Deadlines are rounded to multiples of this, so that those of many entries expire together. isolated-vm's
 * timers each wake a thread even if their entry is long over; thousands of wakes a second took a twentieth of
 * the compartment's time.
 */
const TIMERS_EVERY_MS = 50;

/**
 * Code in an isolate cannot sleep. If it is cut off having had less than this share of its CPU time, the
 * machine was too busy to run it.
 */
const STARVED_SHARE = 0.02;

export class RunClock {
  readonly #limits: Limits;
  readonly #startedAt = performance.now();
  #cpuMs = 0;
  /** CPU time that the runtime has spent on the run's asks. */
  runtimeCpuMs = 0;
  /** Wall time in the isolate. */
  #isolateWallMs = 0;
  #enteredAt = 0;
  #cpuMsAtEntry = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get wallMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** In the isolate, and in the runtime on its behalf. */
  get cpuMs(): number {
    return this.#cpuMs + this.runtimeCpuMs;
  }

  get timeLeftMs(): number {
    return this.#limits.timeoutMs - this.wallMs;
  }

  /** Call before entering the isolate. @returns the timeout of the entry in milliseconds */
  enter(): number {
    const now = performance.now();
    const cpuEndsAt = now + this.#limits.cpuMs - this.cpuMs + CPU_SLACK_MS;
    const cpuLeftMs = cpuEndsAt - (cpuEndsAt % TIMERS_EVERY_MS) - now;
    this.#enteredAt = now;
    this.#cpuMsAtEntry = threadCpuMs();
    return Math.max(1, Math.ceil(Math.min(cpuLeftMs, this.timeLeftMs)));
  }

  /** Call after leaving the isolate. @returns how long the entry took, in milliseconds */
  leave(): number {
    const tookMs = performance.now() - this.#enteredAt;
    this.#cpuMs += threadCpuMs() - this.#cpuMsAtEntry;
    this.#isolateWallMs += tookMs;
    return tookMs;
  }

  /** Whether it had so little CPU time that being cut off was not its fault. */
  get wasStarved(): boolean {
    return this.#cpuMs < this.#limits.cpuMs * STARVED_SHARE;
  }

  get isCpuTimeOver(): boolean {
    const { cpuMs } = this.#limits;
    return this.cpuMs > cpuMs || this.#isolateWallMs > cpuMs + 2 * CPU_SLACK_MS;
  }
}

/** CPU time of this thread. The isolate's own counter measures wall time. */
function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
