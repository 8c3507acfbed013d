/** `/jobs`: jobs of flows (contract 16). */
import Type, { Compile } from '#typebox';
import { requestError } from '../errors.ts';
import type { FlowJobs } from '../flow/flow-jobs.ts';
import { Job, StepJob } from '../flow/job.ts';
import { isObjectId } from '../store/object-id.ts';
import { ObjectId, sortKeyOf } from '../store/stored.ts';
import { readObject } from './body.ts';
import { type ApiContext, replyJson } from './context.ts';
import { triggerOf } from './flows.ts';
import { JOBS_SCANNED, JobFilters, jobFilterOf, jobsFor, shownJob, stepsOf } from './job-list.ts';
import { asText, replyList } from './paging.ts';
import { ProjectionQuery, projectionOf } from './projection.ts';
import { queryOf } from './query.ts';
import { reachOf } from './reach.ts';
import { bodyErrors, listOf, listQuery } from './replies.ts';
import { type Route, route } from './route.ts';
import { orProjected } from './schemas.ts';

const RetryBody = Type.Object(
  {
    _jobErrorIds: Type.Optional(
      Type.Array(ObjectId, { maxItems: 1_000, description: 'Sends only these records again. Default: all.' }),
    ),
  },
  { additionalProperties: false },
);
const retryBody = Compile(RetryBody);

export const jobRoutes: readonly Route[] = [
  route.get('/jobs', {
    scope: 'read',
    runs: 'own',
    tag: 'jobs',
    summary: 'Lists jobs, newest first',
    description: `With \`_flowJobId\`: the steps of that job, as jobs of the types \`export\` and \`import\`. Filters by export, import or numbers look at ${JOBS_SCANNED} jobs for a page, which may then have fewer items than \`limit\`, and a link to the next.`,
    query: [...listQuery, JobFilters],
    replies: listOf(Type.Union([Job, StepJob]), 'A page of jobs.'),
    async handle(ctx, { jobs, publicUrl }) {
      const parentId = queryOf(ctx, '_flowJobId');
      const parent = parentId === undefined ? undefined : await jobOf(ctx, jobs, parentId);
      const matches = jobFilterOf(ctx);
      await replyList(ctx, {
        source: (before, limit) => (parent ? stepsOf(ctx, parent) : jobsFor(ctx, jobs, before, limit)),
        scanMax: JOBS_SCANNED,
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
    replies: {
      200: { description: 'The job: `canceled`, or `canceling` until its current page has ended.', schema: Job },
    },
    errors: ['not_found'],
    async handle(ctx, { jobs }) {
      replyJson(ctx, shownJob(await jobs.cancel(await jobOf(ctx, jobs))));
    },
  }),
  route.post('/jobs/{_id}/retry', {
    scope: 'integrations',
    runs: 'own',
    tag: 'jobs',
    summary: 'Sends the failed records of a job again, as a job of the type `retry`',
    body: { schema: RetryBody, validator: retryBody, isRequired: false },
    replies: { 201: { description: 'The job has been queued.', schema: Type.Object({ _jobId: ObjectId }) } },
    errors: [...bodyErrors, 'not_found', 'flow_running'],
    async handle(ctx, { jobs }) {
      const failed = await jobOf(ctx, jobs);
      const { value } = await readObject(ctx);
      const { _jobErrorIds: errorIds } = value as { _jobErrorIds?: string[] };
      const job = await jobs.retry(failed, { triggeredBy: triggerOf(ctx), ...(errorIds ? { errorIds } : {}) });
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
