/** Runs flows, and exports and imports alone (contract 16). */
import Type, { Compile } from '#typebox';
import { requestError } from '../errors.ts';
import { invokeAlone } from '../flow/invoke.ts';
import { Job } from '../flow/job.ts';
import { parseBody } from '../parse-body.ts';
import { recordOf } from '../record/records.ts';
import { ObjectId } from '../store/stored.ts';
import { bodyLimitsOf, readJson, readObject } from './body.ts';
import { type ApiContext, callerOf, replyJson, replyJsonText, unitOf } from './context.ts';
import { instantOf } from './instant.ts';
import { shownJob } from './job-list.ts';
import { ownerOf } from './records.ts';
import { bodyErrors, runErrors } from './replies.ts';
import { type Api, type Route, route } from './route.ts';
import { AnyJson } from './schemas.ts';

const RunBody = Type.Object(
  {
    _exportIds: Type.Optional(
      Type.Array(ObjectId, { maxItems: 50, description: 'Runs only these exports of the flow.' }),
    ),
    startDate: Type.Optional(
      Type.String({
        description: 'ISO 8601. Delta exports read changes since then, instead of since their last job.',
      }),
    ),
    endDate: Type.Optional(
      Type.String({ description: 'ISO 8601. Delta exports read until then, instead of until the start of the job.' }),
    ),
  },
  { additionalProperties: false },
);
const runBody = Compile(RunBody);

const JobId = Type.Object({ _jobId: ObjectId });

function dateOf(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined;
  const instant = instantOf(String(value));
  if (instant === undefined) {
    throw requestError('invalid_field', { field, message: `${field} must be a date such as 2030-12-31T23:59:59Z` });
  }
  return instant;
}

/** What triggers a job. */
export const triggerOf = ({ state: { grant } }: ApiContext): 'run' | 'user' => (grant ? 'run' : 'user');

export const flowRoutes: readonly Route[] = [
  route.post('/flows/{_id}/run', {
    scope: 'integrations',
    runs: 'own',
    tag: 'flows',
    summary: 'Runs a flow: starts a job',
    body: { schema: RunBody, validator: runBody, isRequired: false },
    replies: { 201: { description: 'The job has been queued.', schema: JobId, headers: ['Location'] } },
    errors: [...bodyErrors, 'not_found', 'flow_running'],
    async handle(ctx, { service, jobs, publicUrl }) {
      const integrationId = await ownerOf(ctx, service, 'flows');
      const { value } = await readObject(ctx);
      const { _exportIds: exportIds } = value as { _exportIds?: string[] };
      const [startDate, endDate] = [dateOf(value.startDate, 'startDate'), dateOf(value.endDate, 'endDate')];
      const job = await jobs.start(integrationId, ctx.params._id as string, {
        triggeredBy: triggerOf(ctx),
        ...(exportIds ? { exportIds } : {}),
        ...(startDate === undefined ? {} : { startDate }),
        ...(endDate === undefined ? {} : { endDate }),
      });
      ctx.status = 201;
      ctx.set('Location', `${publicUrl()}/v1/jobs/${job._id}`);
      replyJson(ctx, { _jobId: job._id });
    },
  }),
  route.get('/flows/{_id}/jobs/latest', {
    scope: 'read',
    runs: 'own',
    tag: 'flows',
    summary: "Reads the flow's latest job",
    replies: { 200: { description: 'The job; an empty list if there was none.', schema: Type.Array(Job) } },
    errors: ['not_found'],
    async handle(ctx, { service, jobs }) {
      const integrationId = await ownerOf(ctx, service, 'flows');
      const found = await jobs.store.latestOf(integrationId, [ctx.params._id as string]);
      replyJson(ctx, found.map(shownJob));
    },
  }),
  route.post('/exports/{_id}/invoke', {
    scope: 'integrations',
    tag: 'exports',
    summary: 'Runs an export alone, and replies with one page of its records',
    body: { schema: Type.Object({}), isRequired: false },
    replies: {
      200: {
        description: 'The records.',
        schema: Type.Object({ data: Type.Array(AnyJson) }),
        headers: ['Bulkhead-Run-Id'],
      },
    },
    errors: [...runErrors, 'not_found', 'invalid_field', 'connection_offline'],
    passesOn: 'errors',
    handle: (ctx, api) => invokeRecord(ctx, api, 'exports'),
  }),
  route.post('/imports/{_id}/invoke', {
    scope: 'integrations',
    tag: 'imports',
    summary: 'Sends records through an import alone',
    body: { schema: Type.Array(AnyJson) },
    replies: {
      200: { description: 'One result per record.', schema: Type.Array(AnyJson), headers: ['Bulkhead-Run-Id'] },
    },
    errors: [...runErrors, 'not_found', 'invalid_field', 'connection_offline'],
    passesOn: 'errors',
    handle: (ctx, api) => invokeRecord(ctx, api, 'imports'),
  }),
];

async function invokeRecord(ctx: ApiContext, { service }: Api, kind: 'exports' | 'imports'): Promise<void> {
  const integrationId = await ownerOf(ctx, service, kind);
  const data = kind === 'imports' ? await recordsIn(ctx) : undefined;
  const id = ctx.params._id as string;
  recordOf(await unitOf(ctx, service, integrationId), kind, id);
  const { trace } = ctx.state;
  replyJsonText(ctx, await invokeAlone(service, { integrationId, kind, id, data, trace, by: callerOf(ctx) }));
}

/** The body, a list of records. @throws RequestError */
async function recordsIn(ctx: ApiContext): Promise<Buffer> {
  const body = await readJson(ctx);
  if (!Array.isArray(parseBody(body, bodyLimitsOf(ctx)))) {
    throw requestError('invalid_field', { field: '', message: 'The body must be a list of records.' });
  }
  return body;
}
