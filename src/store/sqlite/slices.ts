/** Splits long reads and removals, which would otherwise block the event loop. */
import type { SQLInputValue } from 'node:sqlite';
import { TimeSlice } from '../../work/time-slice.ts';
import type { Database } from './database.ts';

/** Few, because rows may have megabytes. */
const REMOVED_AT_ONCE = 20;

/** Removes rows, a few at a time. @returns their number @throws StoreError */
export type SlicedRemoval = (...values: readonly SQLInputValue[]) => Promise<number>;

/** @param where without `WHERE` */
export function slicedRemoval(database: Database, table: string, where: string): SlicedRemoval {
  const remove = database.sqlite.prepare(
    `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${where} LIMIT ${REMOVED_AT_ONCE})`,
  );
  return (...values) =>
    repeatSliced(() => Number(database.write(() => remove.run(...values)).changes), REMOVED_AT_ONCE);
}

/** Repeats a step until it changes fewer than `atOnce` rows. @returns the total */
export async function repeatSliced(step: () => number, atOnce: number): Promise<number> {
  const slice = new TimeSlice();
  for (let count = 0; ; ) {
    const changed = step();
    count += changed;
    if (changed < atOnce) return count;
    if (slice.isOver) await slice.next();
  }
}

type Row = Record<string, unknown>;

/**
 * Reads rows in time slices.
 *
 * @param read starts the statement after this row, or from the beginning
 */
export async function* rowsSliced(read: (after: Row | undefined) => Iterable<Row>): AsyncGenerator<Row> {
  const slice = new TimeSlice();
  for (let last: Row | undefined; ; ) {
    // Rows may change between slices, so each slice runs a new statement.
    const rows: Row[] = [];
    let isCut = false;
    for (const row of read(last)) {
      rows.push(row);
      isCut = slice.isOver;
      if (isCut) break;
    }
    yield* rows;
    if (!isCut) return;
    last = rows.at(-1);
    await slice.next();
  }
}
