/** Chooses the thread of a compartment that a run goes to. */
import type { CompartmentThread } from './compartment-thread.ts';

/** Runs that take longer than this on average are spread over the threads. */
const SLOW_RUN_MS = 2;
/** With this load on a thread, integrations without a route go to the next thread. */
const MAX_SHARED_LOAD = 64;
/** An integration whose first thread was busy goes back to it after this time. */
const DETOUR_MS = 10_000;
const MAX_ROUTES = 10_000;

interface Route {
  readonly thread: CompartmentThread;
  readonly until: number;
}

export class ThreadRouter {
  readonly #threads: readonly CompartmentThread[];
  /** Which thread has an integration's warm isolate. */
  readonly #routes = new Map<string, Route>();
  /** Moving average over the last few runs. */
  #meanCpuMs = 0;

  constructor(threads: readonly CompartmentThread[]) {
    this.#threads = threads;
  }

  /**
   * Prefers the thread with the integration's warm isolate, unless it is busy. Otherwise takes the first
   * free thread: one that keeps running costs less than two that wake each other, unless runs are long.
   * If none is free, takes the one with the least load.
   */
  choose(integrationId: string): CompartmentThread {
    const route = this.#routes.get(integrationId);
    const runsAreShort = this.#meanCpuMs <= SLOW_RUN_MS;
    const now = performance.now();
    if (route && !route.thread.isBusy && (runsAreShort ? now < route.until : route.thread.load === 0)) {
      return route.thread;
    }
    const maxLoad = runsAreShort ? MAX_SHARED_LOAD : 1;
    const [first] = this.#threads;
    const thread =
      this.#threads.find(({ isBusy, load }) => !isBusy && load < maxLoad) ??
      this.#threads.reduce((least, each) => (each.load < least.load ? each : least));
    this.#routes.delete(integrationId);
    this.#routes.set(integrationId, { thread, until: thread === first ? Number.POSITIVE_INFINITY : now + DETOUR_MS });
    if (this.#routes.size > MAX_ROUTES) this.#routes.delete(this.#routes.keys().next().value as string);
    return thread;
  }

  runEnded(cpuMs: number): void {
    this.#meanCpuMs += (cpuMs - this.#meanCpuMs) / 8;
  }
}
