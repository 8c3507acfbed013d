/** Lists jobs, newest first, in SQLite. */
import type { SQLInputValue } from 'node:sqlite';
import { TimeSlice } from '../../work/time-slice.ts';
import type { JobQuery, StoredJob } from '../jobs.ts';
import type { Database } from './database.ts';

/** Rows scanned per statement: a record may have some kilobytes, and matches may be rare. */
const SCANNED_AT_ONCE = 200;

interface Condition {
  readonly sql: string;
  readonly value: SQLInputValue;
}

export async function listJobs(database: Database, query: JobQuery): Promise<StoredJob[]> {
  const { range, filters } = conditionsOf(query);
  const where = ['1', ...range.map(({ sql }) => sql)].join(' AND ');
  const matches = ['1', ...filters.map(({ sql }) => sql)].join(' AND ');
  const scan = database.sqlite.prepare(
    `SELECT created, id, CASE WHEN ${matches} THEN record END AS record FROM jobs
     WHERE ${where} AND (created, id) < (?, ?) ORDER BY created DESC, id DESC LIMIT ${SCANNED_AT_ONCE}`,
  );
  const values = [...filters, ...range].map(({ value }) => value);
  const found: StoredJob[] = [];
  const slice = new TimeSlice();
  for (let before: readonly [string, string] = query.before ?? AFTER_ALL; ; ) {
    const rows = scan.all(...values, ...before);
    for (const { record } of rows) {
      if (record !== null) found.push(JSON.parse(String(record)) as StoredJob);
      if (found.length === query.limit) return found;
    }
    const last = rows.at(-1);
    if (!last || rows.length < SCANNED_AT_ONCE) return found;
    before = [String(last.created), String(last.id)];
    if (slice.isOver) await slice.next();
  }
}

/** Sorts after every timestamp. */
const AFTER_ALL = ['~', ''] as const;

/** Conditions that use an index, and those checked row by row. */
function conditionsOf(query: JobQuery): { range: Condition[]; filters: Condition[] } {
  const { integrationIds, flowIds, types, statuses, createdFrom, createdTo } = query;
  const range: Condition[] = [];
  const filters: Condition[] = [];
  const isOneOf = (column: string, values: readonly string[] | undefined): void => {
    if (values?.length === 1)
      (isIndexed(column) ? range : filters).push({ sql: `${column} = ?`, value: values[0] ?? '' });
    else if (values)
      filters.push({ sql: `${column} IN (SELECT value FROM json_each(?))`, value: JSON.stringify(values) });
  };
  isOneOf('flow', flowIds);
  isOneOf('integration', integrationIds);
  isOneOf('type', types);
  isOneOf('status', statuses);
  if (createdFrom !== undefined) range.push({ sql: 'created >= ?', value: createdFrom });
  if (createdTo !== undefined) range.push({ sql: 'created <= ?', value: createdTo });
  return { range, filters };
}

const isIndexed = (column: string): boolean => column === 'flow' || column === 'integration';
