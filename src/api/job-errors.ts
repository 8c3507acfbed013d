/** `/jobs/{_id}/joberrors`: records that failed in a job (contract 16). */
import Type from '#typebox';
import { requestError } from '../errors.ts';
import type { FlowJobs } from '../flow/flow-jobs.ts';
import type { JsonObject } from '../json.ts';
import type { StoredJobError } from '../store/jobs.ts';
import { isObjectId } from '../store/object-id.ts';
import { ObjectId } from '../store/stored.ts';
import { replyJson } from './context.ts';
import { jobOf } from './jobs.ts';
import { asText, replyList } from './paging.ts';
import { queryOf } from './query.ts';
import { listOf, listQuery, noContent } from './replies.ts';
import { type Route, route } from './route.ts';

const JobError = Type.Object({
  _id: ObjectId,
  _jobId: ObjectId,
  code: Type.String(),
  message: Type.String(),
  source: Type.String(),
  step: Type.Optional(Type.Integer({ description: 'Index of the page processor; missing if the export failed.' })),
  resolved: Type.Boolean(),
  retriable: Type.Boolean(),
  createdAt: Type.String(),
  data: Type.Optional(Type.Unknown({ description: 'The record, as it came to the step.' })),
});

export const jobErrorRoutes: readonly Route[] = [
  route.get('/jobs/{_id}/joberrors', {
    scope: 'read',
    runs: 'own',
    tag: 'jobs',
    summary: 'Lists the records that failed in a job, with their data',
    query: [
      ...listQuery,
      Type.Object({ resolved: Type.Optional(Type.String({ description: '`true` or `false`: only those.' })) }),
    ],
    replies: listOf(JobError, 'A page of errors.'),
    errors: ['not_found'],
    async handle(ctx, { jobs, publicUrl }) {
      const { _id } = await jobOf(ctx, jobs);
      const resolved = queryOf(ctx, 'resolved');
      const isResolved = resolved === undefined ? undefined : resolved === 'true';
      await replyList(ctx, {
        source: (after, limit) => errorsOf(jobs, _id, after?.[1], limit, isResolved),
        sortKeyOf: (error) => [error._id, error._id],
        show: (error, projection) => asText(shownError(error), projection),
        publicUrl: publicUrl(),
      });
    },
  }),
  route.get('/jobs/{_id}/joberrors/{errorId}', {
    scope: 'read',
    runs: 'own',
    tag: 'jobs',
    summary: 'Reads one failed record, with its data',
    replies: { 200: { description: 'The error.', schema: JobError } },
    errors: ['not_found'],
    async handle(ctx, { jobs }) {
      const { _id } = await jobOf(ctx, jobs);
      const { errorId = '' } = ctx.params;
      // The store reads errors in the order of their ids, after one.
      const found = isObjectId(errorId) ? await jobs.store.errors(_id, { after: idBefore(errorId), limit: 1 }) : [];
      if (found[0]?._id !== errorId) throw requestError('not_found', { message: 'The job has no such error.' });
      replyJson(ctx, shownError(found[0]));
    },
  }),
  route.put('/jobs/{_id}/joberrors/resolve', {
    scope: 'integrations',
    runs: 'own',
    tag: 'jobs',
    summary: 'Marks all failed records of a job as resolved',
    replies: { 204: noContent },
    errors: ['not_found'],
    async handle(ctx, { jobs }) {
      await jobs.resolve(await jobOf(ctx, jobs));
      ctx.status = 204;
    },
  }),
  route.put('/jobs/{_id}/joberrors/{errorId}/resolve', {
    scope: 'integrations',
    runs: 'own',
    tag: 'jobs',
    summary: 'Marks a failed record as resolved',
    replies: { 204: noContent },
    errors: ['not_found'],
    async handle(ctx, { jobs }) {
      const { errorId = '' } = ctx.params;
      const job = await jobOf(ctx, jobs);
      if (!isObjectId(errorId)) throw requestError('not_found', { message: 'The job has no such error.' });
      await jobs.resolve(job, [errorId]);
      ctx.status = 204;
    },
  }),
];

async function* errorsOf(
  jobs: FlowJobs,
  jobId: string,
  after: string | undefined,
  limit: number,
  isResolved: boolean | undefined,
): AsyncGenerator<StoredJobError> {
  let last = after;
  for (;;) {
    const page = await jobs.store.errors(jobId, { after: last, limit: Math.min(limit, ERRORS_AT_ONCE), isResolved });
    yield* page;
    last = page.at(-1)?._id;
    if (page.length < Math.min(limit, ERRORS_AT_ONCE)) return;
  }
}

/** A record may have several megabytes. */
const ERRORS_AT_ONCE = 50;

const idBefore = (id: string): string | undefined =>
  /^0*$/.test(id) ? undefined : (BigInt(`0x${id}`) - 1n).toString(16).padStart(id.length, '0');

function shownError({ _id, jobId, isResolved, error, data }: StoredJobError): JsonObject {
  const record = data === undefined ? {} : { data: JSON.parse(data) };
  const { createdAt = '' } = error;
  return { _id, _jobId: jobId, ...error, createdAt, resolved: isResolved, retriable: data !== undefined, ...record };
}
