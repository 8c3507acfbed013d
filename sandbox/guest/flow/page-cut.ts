/** Cuts records into pages. */
import { byteLength } from './json.ts';

export interface Cut {
  readonly records: readonly unknown[];
  /** Number of records taken, including those that are too large. */
  readonly taken: number;
  /** Records too large for any page. */
  readonly tooLarge: number;
}

/** Brackets of the list. */
const LIST_BYTES = 2;

export function cutPage(data: readonly unknown[], pageRecords: number, pageBytes: number): Cut {
  const candidates = data.slice(0, pageRecords);
  // A UTF-16 unit has at most three bytes of UTF-8, so most pages need no exact measurement.
  if (JSON.stringify(candidates).length * 3 <= pageBytes) {
    return { records: candidates, taken: candidates.length, tooLarge: 0 };
  }
  const records: unknown[] = [];
  let [taken, tooLarge, bytes] = [0, 0, LIST_BYTES];
  for (const record of candidates) {
    const size = byteLength(JSON.stringify(record)) + 1;
    if (size + LIST_BYTES > pageBytes) tooLarge++;
    else if (bytes + size > pageBytes) break;
    else {
      records.push(record);
      bytes += size;
    }
    taken++;
  }
  return { records, taken, tooLarge };
}
