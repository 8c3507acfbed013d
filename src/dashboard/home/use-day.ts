/** The last day and what is ahead, over all integrations. */
import type { JobHour, UpcomingRun } from '../api/types.ts';
import { type Resource, useResource } from '../app/use-resource.ts';

const HOURS = 24;
/** Flows of the schedule that are shown. */
const SHOWN = 6;

/** Jobs by the hour, in hours of the user's clock. */
export function useJobHours(): Resource<readonly JobHour[]> {
  return useResource<readonly JobHour[]>({
    key: 'jobs by the hour',
    load: (client, signal) => client.get<readonly JobHour[]>(`/jobs/hourly?from=${firstHour().toISOString()}`, signal),
    isAffected: ({ type }) => type === 'job.started' || type === 'job.ended',
    minIntervalMs: 5_000,
  });
}

function firstHour(): Date {
  const hour = new Date();
  hour.setMinutes(0, 0, 0);
  return new Date(hour.getTime() - (HOURS - 1) * 3_600_000);
}

/** The flows that run next. */
export function useSchedule(): Resource<readonly UpcomingRun[]> {
  return useResource<readonly UpcomingRun[]>({
    key: 'schedule',
    load: (client, signal) => client.get<readonly UpcomingRun[]>(`/schedule?limit=${SHOWN}`, signal),
    isAffected: ({ type }) => type === 'job.started' || type.startsWith('integration.'),
    minIntervalMs: 1_000,
  });
}
