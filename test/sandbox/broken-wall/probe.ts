/** Something that escaped code would try. It is refused in the jail and works outside of it. */
import type { AttemptResult } from './attempt.ts';

export interface Probe {
  readonly what: string;
  readonly code: string;
  readonly jailed: AttemptResult;
  readonly free: AttemptResult;
  /** Where the control runs: Node refuses some things in every worker thread. */
  readonly where: 'worker thread' | 'main thread';
}

export const DENIED = 'ERR_ACCESS_DENIED';
export const sqlite =
  "const { DatabaseSync, backup } = builtin('node:sqlite'); const memory = new DatabaseSync(':memory:');";
export const noSqlite = "Cannot destructure property 'DatabaseSync' of 'builtin(...)' as it is undefined.";

export function probe(
  what: string,
  code: string,
  jailed: AttemptResult,
  free: unknown,
  where: Probe['where'] = 'worker thread',
): Probe {
  return { what, code, jailed, free: { got: free }, where };
}
