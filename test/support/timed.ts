/** How long synchronous work blocks the event loop. */

/** Generous: a real fault takes ten times as long, or never ends. */
export const ENOUGH_MS = 250;

/**
 * The least CPU time of a few attempts on this thread, so that other load and cold code matter little.
 *
 * @param work pure
 * @param enoughMs an attempt below it is the last
 */
export function timed<T>(work: () => T, enoughMs = ENOUGH_MS): { readonly result: T; readonly ms: number } {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; ; attempt++) {
    const from = process.threadCpuUsage();
    const result = work();
    const { user, system } = process.threadCpuUsage(from);
    best = Math.min(best, (user + system) / 1_000);
    if (best < enoughMs || attempt === 2) return { result, ms: best };
  }
}

/** The thrown error, as the API reports it. */
export function refused(work: () => unknown): { readonly errors: readonly { code: string; field?: string }[] } {
  try {
    work();
  } catch (error) {
    return error as { errors: readonly { code: string; field?: string }[] };
  }
  throw new Error('it was not refused');
}
