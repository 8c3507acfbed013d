/** What a run has used of its time, by our own clocks, and how much its next entry into the isolate may take. */
import type { Limits } from '../protocol.ts';

/**
 * A timeout of the isolate measures wall time, the limit is CPU time: a loop is cut off this much
 * after its CPU time would have ended on an idle machine, and many short turns after twice as much.
 */
const CPU_SLACK_MS = 250;

/**
 * isolated-vm's timers wake a thread of theirs even if what they were for is long over, each by itself:
 * those of many entries come due together. Thousands of wakes a second took a twentieth of the compartment's time.
 */
const TIMERS_EVERY_MS = 50;

/**
 * If code is cut off after its time, and had less than this part of that, the machine stood still: nothing
 * in an isolate can sleep.
 */
const STANDSTILL = 0.02;

export class RunClock {
  readonly #limits: Limits;
  readonly #startedAt = performance.now();
  #cpuMs = 0;
  /** CPU time that the runtime has spent on what the run asked. */
  outsideMs = 0;
  /** Wall time in the isolate. */
  #insideMs = 0;
  #enteredAt = 0;
  #cpuMsAtEntry = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Since its start. */
  get wallMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Inside the isolate, and of the runtime on its behalf. */
  get cpuMs(): number {
    return this.#cpuMs + this.outsideMs;
  }

  get timeLeftMs(): number {
    return this.#limits.timeoutMs - this.wallMs;
  }

  /** The isolate is about to be entered. @returns the time after which it is to be cut off, in milliseconds */
  enter(): number {
    const now = performance.now();
    const cpuEndsAt = now + this.#limits.cpuMs - this.cpuMs + CPU_SLACK_MS;
    const cpuLeftMs = cpuEndsAt - (cpuEndsAt % TIMERS_EVERY_MS) - now;
    this.#enteredAt = now;
    this.#cpuMsAtEntry = threadCpuMs();
    return Math.max(1, Math.ceil(Math.min(cpuLeftMs, this.timeLeftMs)));
  }

  /** It has come out again. @returns how long that took, in milliseconds */
  leave(): number {
    const tookMs = performance.now() - this.#enteredAt;
    this.#cpuMs += threadCpuMs() - this.#cpuMsAtEntry;
    this.#insideMs += tookMs;
    return tookMs;
  }

  /** Whether it had so little CPU time that it was not its doing if it was cut off. */
  get stoodStill(): boolean {
    return this.#cpuMs < this.#limits.cpuMs * STANDSTILL;
  }

  get isCpuTimeOver(): boolean {
    const { cpuMs } = this.#limits;
    return this.cpuMs > cpuMs || this.#insideMs > cpuMs + 2 * CPU_SLACK_MS;
  }
}

/** CPU time of this thread; the isolate's own counter is of wall time. */
function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
