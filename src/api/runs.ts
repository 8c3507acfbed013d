/** `/integrations/{_id}/runs`: the run history (contract 4). */
import { requestError } from '../errors.ts';
import { integrationOf, type Service } from '../integration/service.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Payload, RunRecord } from '../run/run.ts';
import { type ApiContext, integrationIdOf, replyJsonText, unitOf } from './context.ts';
import { asText, replyList } from './paging.ts';
import { ProjectionQuery, projectionOf } from './projection.ts';
import { listOf, listQuery, noContent } from './replies.ts';
import { type Route, route } from './route.ts';
import { orProjected, Run } from './schemas.ts';

export const runRoutes: readonly Route[] = [
  route.get('/integrations/{_id}/runs', {
    scope: 'read',
    runs: 'own',
    tag: 'runs',
    summary: 'Lists the last hundred runs, oldest first, without `input` and `answer`',
    query: listQuery,
    replies: listOf(Run, 'A page of runs.'),
    errors: ['not_found'],
    async handle(ctx, { service, publicUrl }) {
      const id = await existingIntegrationId(ctx, service);
      await replyList(ctx, {
        source: (after) => service.dispatcher.runs.of(id, after?.[1]),
        // Ids are ascending.
        sortKeyOf: ({ _id }) => [_id, _id],
        show: (run, projection) => asText(withoutPayloads(run), projection),
        publicUrl: publicUrl(),
      });
    },
  }),
  route.get('/integrations/{_id}/runs/{runId}', {
    scope: 'read',
    runs: 'own',
    tag: 'runs',
    summary: 'Reads a run, with `input` and `answer` if the server stores them (`--run-payload-bytes`)',
    query: [ProjectionQuery],
    replies: { 200: { description: 'The run.', schema: orProjected(Run) } },
    errors: ['not_found'],
    async handle(ctx, { service }) {
      const run = await existingRun(ctx, service);
      // A connector has no use for them, and must not learn what is masked.
      const shown = ctx.state.grant ? withoutPayloads(run) : withPayloads(run);
      replyJsonText(ctx, asText(shown, projectionOf(ctx)));
    },
  }),
  route.delete('/integrations/{_id}/runs/{runId}', {
    scope: 'integrations',
    tag: 'runs',
    summary: 'Cancels a running run',
    replies: { 204: noContent },
    errors: ['not_found'],
    async handle(ctx, { service }) {
      const { _integrationId, _id, outcome } = await existingRun(ctx, service);
      if (outcome === 'running') await service.dispatcher.runs.cancel(_integrationId, _id);
      ctx.status = 204;
    },
  }),
];

async function existingRun(ctx: ApiContext, service: Service): Promise<RunRecord> {
  const { runs } = service.dispatcher;
  const { runId = '' } = ctx.params;
  const running = await runs.find(integrationIdOf(ctx), runId);
  // During an install the run exists before its integration.
  if (running?.outcome === 'running' && !ctx.state.grant) return running;
  const run = await runs.find(await existingIntegrationId(ctx, service), runId);
  if (!run) throw requestError('not_found', { message: 'There is no such run of this integration.' });
  return run;
}

async function existingIntegrationId(ctx: ApiContext, service: Service): Promise<string> {
  const id = integrationIdOf(ctx);
  integrationOf(await unitOf(ctx, service, id));
  return id;
}

/** A run as lists show it: a hundred inputs and answers may be megabytes. */
export function withoutPayloads({ input: _input, answer: _answer, ...run }: RunRecord): JsonObject {
  // A run's record is plain data, which its type does not say.
  return run as object as JsonObject;
}

function withPayloads(run: RunRecord): JsonObject {
  const { input, answer } = run;
  return {
    ...withoutPayloads(run),
    ...(input ? { input: shown(input) } : {}),
    ...(answer ? { answer: shown(answer) } : {}),
  };
}

function shown(payload: Payload): JsonObject {
  if ('omittedBytes' in payload) return payload;
  const { text, ...rest } = payload;
  return { value: JSON.parse(text) as Json, ...rest };
}
