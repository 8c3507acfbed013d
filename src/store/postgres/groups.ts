/** Divides rows into groups whose texts may be in memory together. A group ends with the row that reaches the limit. */
export function* groupsOf<Row extends { readonly bytes: string | number }>(
  rows: readonly Row[],
  limitBytes: number,
): Generator<Row[]> {
  let group: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    group.push(row);
    bytes += Number(row.bytes);
    if (bytes < limitBytes) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}
