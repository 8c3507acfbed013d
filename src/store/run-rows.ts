/** Selects the rows that hold an integration's last runs, for every engine. */
import { RUNS_RETAINED } from './storage.ts';

export interface RunRow {
  /** Ids of its runs, oldest first. */
  readonly ids: readonly string[];
  /** It has one run, which is running. */
  readonly isRunning: boolean;
}

export const newestIn = ({ ids }: RunRow): string => ids.at(-1) ?? '';

/**
 * Rows with any of the last `RUNS_RETAINED` runs, oldest first. A run may be in two rows if its node was taken for dead
 * but stored it after all: the node's row counts.
 */
export function retainedRows<Row extends RunRow>(rows: readonly Row[]): Row[] {
  const idsIn = (some: readonly RunRow[]): Set<string> => new Set(some.flatMap(({ ids }) => ids));
  const oldest = [...idsIn(rows)].sort().at(-RUNS_RETAINED) ?? '';
  const ended = idsIn(rows.filter(({ isRunning }) => !isRunning));
  const batched = idsIn(rows.filter(({ ids }) => ids.length > 1));
  const isRepeated = ({ ids, isRunning }: RunRow): boolean => {
    const [id = ''] = ids;
    return ids.length === 1 && (batched.has(id) || (isRunning && ended.has(id)));
  };
  return rows
    .filter((row) => newestIn(row) >= oldest && !isRepeated(row))
    .sort((a, b) => (newestIn(a) < newestIn(b) ? -1 : 1));
}

/** What a running run will be if its process dies. */
export const cutOff = <Run>(run: Run): Run => ({ ...run, outcome: 'cut_off' });
