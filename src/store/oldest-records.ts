/** Finds the oldest records, for engines that do not store them in order. */
import { TimeSlice } from '../work/time-slice.ts';
import type { Document } from './document.ts';
import type { Part } from './part.ts';
import type { RecordQuery } from './store.ts';
import { byAge, compareSortKeys, type RecordKind, sortKeyOf } from './stored.ts';

/** @returns the first `limit` records that match, oldest first */
export async function oldestRecords(
  records: AsyncIterable<Part> | Iterable<Part>,
  { after, limit, matches }: RecordQuery,
): Promise<Part[]> {
  let found: Part[] = [];
  const slice = new TimeSlice();
  for await (const record of records) {
    if (slice.isOver) await slice.next();
    if (!matches(record.head) || (after && compareSortKeys(sortKeyOf(record.head), after) <= 0)) continue;
    found.push(record);
    if (found.length >= 2 * limit) found = found.sort((a, b) => byAge(a.head, b.head)).slice(0, limit);
  }
  return found.sort((a, b) => byAge(a.head, b.head)).slice(0, limit);
}

export async function* recordsOf(documents: AsyncIterable<Document>, kind: RecordKind): AsyncGenerator<Part> {
  for await (const document of documents) yield* document[kind].values();
}
