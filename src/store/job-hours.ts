/** Jobs counted by the hour in which they were created. */

/** Jobs looked at for each hour. Beyond, the counts of the hour are lower bounds. */
export const JOBS_COUNTED_PER_HOUR = 10_000;
const HOUR_MS = 3_600_000;

export interface JobHoursQuery {
  /** Start of the first hour. ISO 8601. */
  readonly from: string;
  readonly hours: number;
  /** Absent: all. */
  readonly integrationIds?: readonly string[] | undefined;
}

export interface JobHour {
  /** ISO 8601. */
  readonly from: string;
  /** By status. */
  readonly counts: ReadonlyMap<string, number>;
  /** False if the hour has more jobs than were looked at. */
  readonly isComplete: boolean;
}

/** Start and end of each hour. */
export function hoursOf({ from, hours }: JobHoursQuery): readonly (readonly [from: string, to: string])[] {
  const startMs = Date.parse(from);
  const at = (index: number): string => new Date(startMs + index * HOUR_MS).toISOString();
  return Array.from({ length: hours }, (_, index) => [at(index), at(index + 1)] as const);
}

/** Jobs of one hour and status. */
export interface CountedJobs {
  readonly status: string;
  /** Looked at. */
  readonly seen: number;
  /** Those among them that the query asks for. */
  readonly count: number;
}

export function jobHour(from: string, rows: readonly CountedJobs[]): JobHour {
  const counted = rows.filter(({ count }) => count > 0);
  return {
    from,
    counts: new Map(counted.map(({ status, count }) => [status, count])),
    isComplete: rows.reduce((sum, { seen }) => sum + seen, 0) < JOBS_COUNTED_PER_HOUR,
  };
}
