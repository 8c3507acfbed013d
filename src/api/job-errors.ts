/** `/jobs/{_id}/joberrors`: failed records of a job (contract 16). */
import Type from '#typebox';
import { requestError } from '../errors.ts';
import { isObjectId } from '../store/object-id.ts';
import { ObjectId } from '../store/stored.ts';
import { accountOf, replyJsonText } from './context.ts';
import { errorsOf, errorText } from './job-error-list.ts';
import { jobOf } from './jobs.ts';
import { replyList } from './paging.ts';
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
  _exportId: Type.Optional(ObjectId),
  _importId: Type.Optional(ObjectId),
  resolved: Type.Boolean(),
  retriable: Type.Boolean(),
  createdAt: Type.String(),
  data: Type.Optional(Type.Unknown({ description: 'The record as the step received it.' })),
});

export const jobErrorRoutes: readonly Route[] = [
  route.get('/jobs/{_id}/joberrors', {
    scope: 'read',
    runs: 'own',
    tag: 'jobs',
    summary: 'Lists the failed records of a job, with their data',
    query: [
      ...listQuery,
      Type.Object({ resolved: Type.Optional(Type.String({ description: '`true` or `false`: only those.' })) }),
    ],
    replies: listOf(JobError, 'A page of errors.'),
    errors: ['not_found'],
    async handle(ctx, { jobs, publicUrl, service }) {
      const { _id } = await jobOf(ctx, jobs);
      const resolved = queryOf(ctx, 'resolved');
      const isResolved = resolved === undefined ? undefined : resolved === 'true';
      await replyList(ctx, {
        source: (after, limit) => errorsOf(jobs, _id, after?.[1], limit, isResolved),
        sortKeyOf: (error) => [error._id, error._id],
        show: (error, projection) => errorText(error, projection, service.work, accountOf(ctx)),
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
    async handle(ctx, { jobs, service }) {
      const { _id } = await jobOf(ctx, jobs);
      const { errorId = '' } = ctx.params;
      // The store can only read errors after an id.
      const found = isObjectId(errorId)
        ? await jobs.store.errors.list(_id, { after: idBefore(errorId), limit: 1 })
        : [];
      if (found[0]?._id !== errorId) throw requestError('not_found', { message: 'The job has no such error.' });
      replyJsonText(ctx, await errorText(found[0], undefined, service.work, accountOf(ctx)));
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

const idBefore = (id: string): string | undefined =>
  /^0*$/.test(id) ? undefined : (BigInt(`0x${id}`) - 1n).toString(16).padStart(id.length, '0');
