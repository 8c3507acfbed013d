/** Counts jobs by the hour, in SQLite. */
import { TimeSlice } from '../../work/time-slice.ts';
import { hoursOf, JOBS_COUNTED_PER_HOUR, type JobHour, type JobHoursQuery, jobHour } from '../job-hours.ts';
import type { Database } from './database.ts';

export async function countJobsByHour(database: Database, query: JobHoursQuery): Promise<JobHour[]> {
  const { integrationIds } = query;
  const isAsked = integrationIds ? 'integration IN (SELECT value FROM json_each(?3))' : '?3 IS NULL';
  const count = database.sqlite.prepare(
    `SELECT status, count(*) AS seen, count(*) FILTER (WHERE ${isAsked}) AS count
     FROM (SELECT status, integration FROM jobs WHERE created >= ?1 AND created < ?2 LIMIT ${JOBS_COUNTED_PER_HOUR})
     GROUP BY status`,
  );
  const ids = integrationIds ? JSON.stringify(integrationIds) : null;
  const found: JobHour[] = [];
  const slice = new TimeSlice();
  for (const [from, to] of hoursOf(query)) {
    const rows = count.all(from, to, ids).map(({ status, seen, count }) => ({
      status: String(status),
      seen: Number(seen),
      count: Number(count),
    }));
    found.push(jobHour(from, rows));
    if (slice.isOver) await slice.next();
  }
  return found;
}
