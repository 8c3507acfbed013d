/** How long something that is computed at once has held everybody up. */

/** Generous: a machine that does something else as well may take several times what it takes alone. */
export const ENOUGH_MS = 250;

export function timed<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const from = performance.now();
  const result = work();
  return { result, ms: performance.now() - from };
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
