/** `/jobs`: jobs of flows (contract 16). Their failed records: `job-errors.ts`. */
import Type, { Compile } from '#typebox';
import { requestError } from '../errors.ts';
import type { FlowJobs } from '../flow/flow-jobs.ts';
import { Job, StepJob } from '../flow/job.ts';
import type { JsonObject } from '../json.ts';
import { type JobStatus, jobStatuses, type StoredJob } from '../store/jobs.ts';
import { isObjectId } from '../store/object-id.ts';
import { ObjectId, sortKeyOf } from '../store/stored.ts';
import { readObject } from './body.ts';
import { type ApiContext, replyJson } from './context.ts';
import { instantOf } from './instant.ts';
import { asText, LIMIT_MAX, replyList } from './paging.ts';
import { ProjectionQuery, projectionOf } from './projection.ts';
import { badQuery, queryOf } from './query.ts';
import { assertInReach, reachOf } from './reach.ts';
import { bodyErrors, listOf, listQuery } from './replies.ts';
import { type Route, route } from './route.ts';
import { orProjected } from './schemas.ts';

const numbers = ['numSuccess', 'numError', 'numIgnore', 'numExport'] as const;
const ids = ['_integrationId', '_flowId', '_exportId', '_importId', '_flowJobId'] as const;

const text = (description: string) => Type.Optional(Type.String({ description }));
const JobFilters = Type.Object({
  ...Object.fromEntries(ids.map((name) => [name, text(`Only jobs with this \`${name}\`.`)])),
  _flowId_in: text('Only jobs of these flows, separated by commas.'),
  type: text('`flow`, `retry`; with `_flowJobId` also `export` or `import`.'),
  type_in: text('Several types, separated by commas.'),
  status: text('Only jobs with this status; several are separated by commas.'),
  createdAt_gte: text('Only jobs created at this time (ISO 8601) or later.'),
  createdAt_lte: text('Only jobs created at this time or earlier.'),
  ...Object.fromEntries(
    numbers.flatMap((name) => [
      [`${name}_gte`, text(`Only jobs with at least this \`${name}\`.`)],
      [`${name}_lte`, text(`Only jobs with at most this \`${name}\`.`)],
    ]),
  ),
});

const RetryBody = Type.Object(
  {
    _jobErrorIds: Type.Optional(
      Type.Array(ObjectId, { maxItems: 1_000, description: 'Sends only these records again. Default: all.' }),
    ),
  },
  { additionalProperties: false },
);
const retryBody = Compile(RetryBody);

/** A record is plain data, which the store's type does not say. */
export const shownJob = (job: StoredJob): JsonObject => job;

export const jobRoutes: readonly Route[] = [
  route.get('/jobs', {
    scope: 'read',
    runs: 'own',
    tag: 'jobs',
    summary: 'Lists jobs, newest first',
    description: 'With `_flowJobId`: the steps of that job, as jobs of the types `export` and `import`.',
    query: [...listQuery, JobFilters],
    replies: listOf(Type.Union([Job, StepJob]), 'A page of jobs.'),
    async handle(ctx, { jobs, publicUrl }) {
      const parentId = queryOf(ctx, '_flowJobId');
      const matches = numbersOf(ctx);
      await replyList(ctx, {
        source: (before, limit) =>
          parentId === undefined ? jobsFor(ctx, jobs, before, limit) : stepsOf(ctx, jobs, parentId),
        isDescending: true,
        sortKeyOf: (job) => sortKeyOf(job as Parameters<typeof sortKeyOf>[0]),
        matches,
        show: (job, projection) => asText(job, projection),
        publicUrl: publicUrl(),
      });
    },
  }),
  route.get('/jobs/{_id}', {
    scope: 'read',
    runs: 'own',
    tag: 'jobs',
    summary: 'Reads a job',
    query: [ProjectionQuery],
    replies: { 200: { description: 'The job.', schema: orProjected(Job) } },
    errors: ['not_found'],
    async handle(ctx, { jobs }) {
      ctx.status = 200;
      ctx.type = 'json';
      ctx.body = asText(shownJob(await jobOf(ctx, jobs)), projectionOf(ctx));
    },
  }),
  route.put('/jobs/{_id}/cancel', {
    scope: 'integrations',
    runs: 'own',
    tag: 'jobs',
    summary: 'Cancels a job',
    replies: { 200: { description: 'The job: `canceled`, or `canceling` until its page has ended.', schema: Job } },
    errors: ['not_found'],
    async handle(ctx, { jobs }) {
      replyJson(ctx, shownJob(await jobs.cancel(await jobOf(ctx, jobs))));
    },
  }),
  route.post('/jobs/{_id}/retry', {
    scope: 'integrations',
    runs: 'own',
    tag: 'jobs',
    summary: 'Sends the failed records of a job again: starts a job of the type `retry`',
    body: { schema: RetryBody, validator: retryBody, isRequired: false },
    replies: { 201: { description: 'The job has been queued.', schema: Type.Object({ _jobId: ObjectId }) } },
    errors: [...bodyErrors, 'not_found', 'flow_running'],
    async handle(ctx, { jobs }) {
      const failed = await jobOf(ctx, jobs);
      const { value } = await readObject(ctx);
      const { _jobErrorIds: errorIds } = value as { _jobErrorIds?: string[] };
      const triggeredBy = ctx.state.grant ? 'run' : 'user';
      const job = await jobs.retry(failed, { triggeredBy, ...(errorIds ? { errorIds } : {}) });
      ctx.status = 201;
      replyJson(ctx, { _jobId: job._id });
    },
  }),
];

/** The job in the path. @throws RequestError `not_found`, `access_restricted` */
export async function jobOf(ctx: ApiContext, jobs: FlowJobs, id = ctx.params._id ?? ''): Promise<Job> {
  const job = isObjectId(id) ? await jobs.store.get(id) : undefined;
  const { grant } = ctx.state;
  if (!job || reachOf(ctx)?.has(job._integrationId) === false) {
    throw requestError('not_found', { message: 'There is no such job.' });
  }
  if (grant && grant.integrationId !== job._integrationId) throw requestError('access_restricted');
  return job as Job;
}

const list = (value: string | undefined): string[] | undefined => value?.split(',').map((each) => each.trim());

async function* jobsFor(
  ctx: ApiContext,
  jobs: FlowJobs,
  before: readonly [string, string] | undefined,
  limit: number,
): AsyncGenerator<JsonObject> {
  const asked = queryOf(ctx, '_integrationId');
  const { grant } = ctx.state;
  if (asked !== undefined) assertInReach(ctx, asked);
  if (grant && asked !== undefined && asked !== grant.integrationId) throw requestError('access_restricted');
  const reach = reachOf(ctx);
  const integrationIds = asked !== undefined ? [asked] : grant ? [grant.integrationId] : reach && [...reach];
  const flowId = queryOf(ctx, '_flowId');
  const statuses = list(queryOf(ctx, 'status'));
  if (statuses?.some((status) => !jobStatuses.includes(status as JobStatus))) {
    throw badQuery(`status is one of ${jobStatuses.join(', ')}`);
  }
  const [exportId, importId] = [queryOf(ctx, '_exportId'), queryOf(ctx, '_importId')];
  const type = queryOf(ctx, 'type');
  const query = {
    integrationIds,
    flowIds: flowId === undefined ? list(queryOf(ctx, '_flowId_in')) : [flowId],
    types: type === undefined ? list(queryOf(ctx, 'type_in')) : [type],
    statuses: statuses as JobStatus[] | undefined,
    createdFrom: dateOf(ctx, 'createdAt_gte'),
    createdTo: dateOf(ctx, 'createdAt_lte'),
    limit: Math.min(limit, LIMIT_MAX + 1),
  };
  let position = before;
  for (;;) {
    const page = await jobs.store.list({ ...query, before: position });
    for (const job of page as Job[]) {
      const steps = job.steps ?? [];
      if (exportId !== undefined && !steps.some((step) => step._exportId === exportId)) continue;
      if (importId !== undefined && !steps.some((step) => step._importId === importId)) continue;
      yield shownJob(job);
    }
    const last = page.at(-1);
    if (!last || page.length < query.limit) return;
    position = sortKeyOf(last);
  }
}

/** The steps of a job, as jobs. */
async function* stepsOf(ctx: ApiContext, jobs: FlowJobs, parentId: string): AsyncGenerator<JsonObject> {
  const {
    _id,
    _integrationId,
    _flowId,
    status,
    createdAt,
    lastModified,
    startedAt,
    endedAt,
    steps = [],
  } = await jobOf(ctx, jobs, parentId);
  const type = queryOf(ctx, 'type');
  const common = { _flowJobId: _id, _integrationId, _flowId, status, createdAt, lastModified, startedAt, endedAt };
  // Ids of steps are in no order.
  const shown = steps.toSorted((a, b) => (a._id < b._id ? 1 : -1));
  for (const step of shown)
    if (type === undefined || step.type === type) yield { ...common, ...step } as unknown as JsonObject;
}

function numbersOf(ctx: ApiContext): (job: JsonObject) => boolean {
  const bounds = numbers.flatMap((name) =>
    (['gte', 'lte'] as const).flatMap((bound) => {
      const value = queryOf(ctx, `${name}_${bound}`);
      if (value === undefined) return [];
      if (!/^\d{1,12}$/.test(value)) throw badQuery(`${name}_${bound} must be a number`);
      return [{ name, isAtLeast: bound === 'gte', number: Number(value) }];
    }),
  );
  return (job) =>
    bounds.every(({ name, isAtLeast, number }) =>
      isAtLeast ? Number(job[name]) >= number : Number(job[name]) <= number,
    );
}

function dateOf(ctx: ApiContext, name: string): string | undefined {
  const value = queryOf(ctx, name);
  const instant = value === undefined ? undefined : instantOf(value);
  if (value !== undefined && instant === undefined)
    throw badQuery(`${name} must be a date such as 2030-12-31T23:59:59Z`);
  return instant;
}
