/** The memory of warm isolates: divided between compartments, and between the threads of each. */
import type { CompartmentThread } from './compartment-thread.ts';

/**
 * Each may take what the others leave, and at least an equal part: an idle one need not give anything up, and a busy
 * one is not held to its part while the others have little.
 *
 * @param retained bytes that each retains now
 * @returns what each may take, in bytes
 */
export function shares(totalBytes: number, retained: readonly number[]): number[] {
  const sum = retained.reduce((all, bytes) => all + bytes, 0);
  return retained.map((bytes) => Math.floor(Math.max(totalBytes / retained.length, totalBytes - (sum - bytes))));
}

/** Of one compartment. Short runs keep to one thread, which may then have nearly all of it. */
export class WarmMemory {
  readonly #threads: readonly CompartmentThread[];

  constructor(threads: readonly CompartmentThread[]) {
    this.#threads = threads;
  }

  get retainedBytes(): number {
    return this.#threads.reduce((sum, thread) => sum + thread.retainedBytes, 0);
  }

  limit(bytes: number): void {
    const limits = shares(
      bytes,
      this.#threads.map(({ retainedBytes }) => retainedBytes),
    );
    for (const [i, thread] of this.#threads.entries()) thread.limitWarm(limits[i] as number);
  }
}
