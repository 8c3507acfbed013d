/** Cuts what was read into pages. */
import { byteLength } from './json.ts';

export interface Cut {
  readonly records: readonly unknown[];
  /** How many of the given records the page took, those that are too large included. */
  readonly taken: number;
  /** Records that would not fit on a page of their own. */
  readonly tooLarge: number;
}

/** Brackets of the list. */
const LIST_BYTES = 2;

export function cutPage(data: readonly unknown[], pageRecords: number, pageBytes: number): Cut {
  const candidates = data.slice(0, pageRecords);
  // A unit of UTF-16 has at most three bytes of UTF-8, so most pages are measured at once.
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
