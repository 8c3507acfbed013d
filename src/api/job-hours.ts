/** `/jobs/hourly`: how many jobs there were in each hour of a day. */
import Type from '#typebox';
import { JOBS_COUNTED_PER_HOUR, type JobHour } from '../store/job-hours.ts';
import type { JobStatus } from '../store/jobs.ts';
import { activeStatuses } from '../store/jobs.ts';
import { Timestamp } from '../store/stored.ts';
import { replyJson } from './context.ts';
import { dateQueryOf } from './query.ts';
import { reachOf } from './reach.ts';
import { type Route, route } from './route.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;

const Count = Type.Integer({ minimum: 0 });
const Hour = Type.Object(
  {
    from: Timestamp,
    completed: Count,
    failed: Count,
    canceled: Count,
    active: Type.Integer({ minimum: 0, description: 'Have not ended.' }),
    isComplete: Type.Boolean({
      description: `False if the hour has more than ${JOBS_COUNTED_PER_HOUR} jobs: there are more than these, then.`,
    }),
  },
  { additionalProperties: false },
);

export const jobHourRoutes: readonly Route[] = [
  route.get('/jobs/hourly', {
    scope: 'read',
    tag: 'jobs',
    summary: 'Counts the jobs of a day by the hour in which they were created',
    query: [
      Type.Object({
        from: Type.Optional(
          Type.String({ description: 'Start of the first hour (ISO 8601). Default: the 24 hours up to now.' }),
        ),
      }),
    ],
    replies: {
      200: { description: 'The hours, oldest first.', schema: Type.Array(Hour, { minItems: HOURS, maxItems: HOURS }) },
    },
    async handle(ctx, { service, jobs }) {
      const thisHourMs = Math.floor(service.now().getTime() / HOUR_MS) * HOUR_MS;
      const from = dateQueryOf(ctx, 'from') ?? new Date(thisHourMs - (HOURS - 1) * HOUR_MS).toISOString();
      const reach = reachOf(ctx);
      const hours = await jobs.store.countByHour({ from, hours: HOURS, integrationIds: reach && [...reach] });
      replyJson(ctx, hours.map(shownHour));
    },
  }),
];

function shownHour({ from, counts, isComplete }: JobHour) {
  const sum = (...statuses: readonly JobStatus[]): number =>
    statuses.reduce((total, status) => total + (counts.get(status) ?? 0), 0);
  return {
    from,
    completed: sum('completed'),
    failed: sum('failed'),
    canceled: sum('canceled'),
    active: sum(...activeStatuses),
    isComplete,
  };
}
