/** Counts jobs by the hour, in PostgreSQL. */
import {
  type CountedJobs,
  hoursOf,
  JOBS_COUNTED_PER_HOUR,
  type JobHour,
  type JobHoursQuery,
  jobHour,
} from '../job-hours.ts';
import type { Database, Statement } from './database.ts';

/** Starts of the hours, their ends, and the integrations; null for all. */
const countByHour: Statement = {
  name: 'jobs-count-by-hour',
  text: `
    SELECT start, status, seen, count FROM unnest($1::text[], $2::text[]) AS hour (start, stop) CROSS JOIN LATERAL (
      SELECT status, count(*)::int AS seen,
        (count(*) FILTER (WHERE $3::text[] IS NULL OR integration = ANY ($3)))::int AS count
      FROM (
        SELECT status, integration FROM bulkhead.flow_jobs
        WHERE created >= start AND created < stop LIMIT ${JOBS_COUNTED_PER_HOUR}
      ) AS looked_at
      GROUP BY status
    ) AS counted`,
};

export async function countJobsByHour(database: Database, query: JobHoursQuery): Promise<JobHour[]> {
  const hours = hoursOf(query);
  const values = [hours.map(([from]) => from), hours.map(([, to]) => to), query.integrationIds ?? null];
  const rows = await database.query<CountedJobs & { readonly start: string }>(countByHour, values);
  const byHour = Map.groupBy(rows, ({ start }) => start);
  return hours.map(([from]) => jobHour(from, byHour.get(from) ?? []));
}
