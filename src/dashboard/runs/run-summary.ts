/** The figures above a list of runs. Pure. */
import type { Run } from '../api/types.ts';
import { median } from '../app/median.ts';

export interface RunSummary {
  readonly succeeded: number;
  readonly running: number;
  /** Ended in any other way. */
  readonly others: number;
  /** In milliseconds, of the runs that have ended; undefined if none has. */
  readonly longest: number | undefined;
  readonly median: number | undefined;
}

export function summaryOf(runs: readonly Pick<Run, 'outcome' | 'wallMs'>[]): RunSummary {
  const times = runs.flatMap(({ wallMs }) => wallMs ?? []).sort((a, b) => a - b);
  const succeeded = runs.filter(({ outcome }) => outcome === 'succeeded').length;
  const running = runs.filter(({ outcome }) => outcome === 'running').length;
  return {
    succeeded,
    running,
    others: runs.length - succeeded - running,
    longest: times.at(-1),
    median: median(times),
  };
}
