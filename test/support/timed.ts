/** How long something that is computed at once has held everybody up. */

/** Generous: a machine that does something else as well may take several times what it takes alone. */
export const ENOUGH_MS = 250;

/** The shortest of a few attempts: the machine may have been with somebody else. @param work pure */
export function timed<T>(work: () => T): { readonly result: T; readonly ms: number } {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; ; attempt++) {
    const from = performance.now();
    const result = work();
    best = Math.min(best, performance.now() - from);
    if (best < ENOUGH_MS || attempt === 2) return { result, ms: best };
  }
}

/** What is thrown, as the API says it. */
export function refused(work: () => unknown): { readonly errors: readonly { code: string; field?: string }[] } {
  try {
    work();
  } catch (error) {
    return error as { errors: readonly { code: string; field?: string }[] };
  }
  throw new Error('it was not refused');
}
