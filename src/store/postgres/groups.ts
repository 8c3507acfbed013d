export interface GroupLimits {
  readonly bytes: number;
  /** Default: any number of rows. */
  readonly rows?: number;
}

/** Divides rows into groups that fit into memory, or a statement. A group ends with the row that reaches a limit. */
export function* groupsOf<Row extends { readonly bytes: string | number }>(
  rows: readonly Row[],
  limits: GroupLimits,
): Generator<Row[]> {
  let group: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    group.push(row);
    bytes += Number(row.bytes);
    if (bytes < limits.bytes && group.length < (limits.rows ?? Number.POSITIVE_INFINITY)) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}
