/** `/schedule`: which flows run next. */
import Type from '#typebox';
import { ObjectId, Timestamp } from '../store/stored.ts';
import { replyJson } from './context.ts';
import { badQuery, queryOf } from './query.ts';
import { reachOf } from './reach.ts';
import { type Route, route } from './route.ts';

const LIMIT_MAX = 50;
const LIMIT_DEFAULT = 10;

const UpcomingRun = Type.Object(
  {
    _flowId: ObjectId,
    _integrationId: ObjectId,
    name: Type.String({ description: 'Of the flow.' }),
    integrationName: Type.String(),
    schedule: Type.String(),
    timezone: Type.String(),
    nextAt: Timestamp,
  },
  { additionalProperties: false },
);

export const scheduleRoutes: readonly Route[] = [
  route.get('/schedule', {
    scope: 'read',
    tag: 'flows',
    summary: 'Lists the scheduled flows that run next, soonest first',
    description:
      'Each flow stands there once, with its next run. What another node has changed is there within a minute.',
    query: [
      Type.Object({
        limit: Type.Optional(
          Type.String({ description: `How many flows, from 1 to ${LIMIT_MAX}. Default: ${LIMIT_DEFAULT}.` }),
        ),
      }),
    ],
    replies: { 200: { description: 'The flows.', schema: Type.Array(UpcomingRun, { maxItems: LIMIT_MAX }) } },
    async handle(ctx, { schedules }) {
      const text = queryOf(ctx, 'limit') ?? String(LIMIT_DEFAULT);
      const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
      if (limit < 1 || limit > LIMIT_MAX) throw badQuery(`limit must be a number from 1 to ${LIMIT_MAX}`);
      replyJson(ctx, await schedules.upcoming(limit, reachOf(ctx)));
    },
  }),
];
