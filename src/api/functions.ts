/** Install, uninstall and function calls, which run a connector's code (contract 5 and 6). */
import { callableSections } from '../../sandbox/index.ts';
import { type CallAnswer, callIntegration } from '../integration/call.ts';
import type { FunctionRequest } from '../integration/dispatch.ts';
import { install } from '../integration/install.ts';
import { InstallBody } from '../integration/integration.ts';
import { RUN_ID_HEADER } from '../integration/run-error.ts';
import { integrationJson, integrationOf, publicIntegration, type Service } from '../integration/service.ts';
import { uninstall } from '../integration/uninstall.ts';
import { AnyObject } from '../json.ts';
import { readArgument, readObject } from './body.ts';
import {
  type ApiContext,
  callerOf,
  etagOf,
  flag,
  integrationIdOf,
  replyJson,
  replyJsonText,
  replyRecord,
} from './context.ts';
import { assertPreconditions, isConditional } from './preconditions.ts';
import { bodyErrors, createdHeaders, runErrors } from './replies.ts';
import { type Api, type Route, route } from './route.ts';
import { withoutPayloads } from './runs.ts';
import { AnyJson, flags, Integration, Run } from './schemas.ts';

export const functionRoutes: readonly Route[] = [
  route.post('/integrations/{_id}/install', {
    scope: 'full',
    tag: 'lifecycle',
    summary: 'Installs the connector with this id',
    headers: ['Idempotency-Key'],
    body: { schema: InstallBody, isRequired: false },
    replies: {
      200: {
        description: 'The new integration.',
        schema: Integration,
        headers: [...createdHeaders, 'Bulkhead-Run-Id'],
      },
    },
    errors: [...bodyErrors, ...runErrors, 'not_found', 'idempotency_mismatch'],
    passesOn: 'errors',
    async handle(ctx, { service, idempotency }) {
      const { bytes, value } = await readObject(ctx);
      const { trace } = ctx.state;
      await idempotency.once(ctx, { kind: 'integrations', status: 200 }, bytes, async (id) => {
        const { unit, runId } = await install(service, ctx.params._id as string, value, {
          id,
          trace,
          by: callerOf(ctx),
        });
        const integration = integrationOf(unit);
        if (runId !== undefined) ctx.set(RUN_ID_HEADER, runId);
        replyRecord(ctx, integrationJson(integration, unit.settings), etagOf(unit, integration));
      });
    },
  }),
  route.delete('/integrations/{_id}/install', {
    scope: 'integrations',
    tag: 'lifecycle',
    summary: 'Uninstalls an integration: runs the uninstaller, then removes it with all its records',
    headers: ['If-Match', 'If-None-Match'],
    query: [flags(['force', 'Removes it even if the connector fails or is missing. The reply holds the error.'])],
    body: { schema: AnyObject, isRequired: false },
    replies: {
      200: {
        description: 'Result of the function, or `{"success":true}`.',
        schema: AnyJson,
        headers: ['Bulkhead-Run-Id'],
      },
    },
    errors: [...runErrors, 'invalid_field', 'not_found', 'precondition_failed'],
    passesOn: 'errors',
    async handle(ctx, { service }) {
      const id = integrationIdOf(ctx);
      const body = await readArgument(ctx, service);
      const precondition = preconditionOf(ctx, service);
      const options = { body, force: flag(ctx, 'force'), precondition, trace: ctx.state.trace, by: callerOf(ctx) };
      replyAnswer(ctx, await uninstall(service, id, options));
    },
  }),
  ...callableSections.map((section) =>
    route.put(`/integrations/{_id}/${section}/{function}`, {
      scope: 'integrations',
      tag: 'lifecycle',
      summary: `Calls a function in the connector's \`${section}\` section`,
      headers: ['Prefer', 'If-Match', 'If-None-Match'],
      body: { schema: AnyObject, isRequired: false },
      replies: {
        200: { description: 'Result of the function.', schema: AnyJson, headers: ['Bulkhead-Run-Id'] },
        202: {
          description: 'With `Prefer: respond-async`: the run has started.',
          schema: Run,
          headers: ['Bulkhead-Run-Id', 'Location', 'Preference-Applied'],
        },
      },
      errors: [
        ...runErrors,
        'invalid_field',
        'not_found',
        'precondition_failed',
        ...(section === 'settings' ? ['update_in_progress' as const] : []),
      ],
      passesOn: 'errors',
      async handle(ctx, api) {
        const { service } = api;
        const id = integrationIdOf(ctx);
        const body = await readArgument(ctx, service);
        const name = ctx.params.function as string;
        const { trace } = ctx.state;
        const precondition = preconditionOf(ctx, service);
        const request = { section, name, body, trace, by: callerOf(ctx), precondition };
        if (wantsAsync(ctx)) return replyRun(ctx, api, id, request);
        replyAnswer(ctx, await callIntegration(service, id, request));
      },
    }),
  ),
];

/** Checks the request's conditions, if it has any, against the integration when the run starts. */
function preconditionOf(ctx: ApiContext, service: Service): FunctionRequest['precondition'] {
  if (!isConditional(ctx)) return undefined;
  return (unit) => assertPreconditions(ctx, etagOf(unit, publicIntegration(service, integrationOf(unit))));
}

/** `Prefer: respond-async` (RFC 7240, 4.1). */
const wantsAsync = (ctx: ApiContext): boolean => /(?:^|,)\s*respond-async\s*(?:[,;]|$)/i.test(ctx.get('Prefer'));

/** Replies as soon as the run has started. Its outcome is in its record. */
async function replyRun(
  ctx: ApiContext,
  { service, publicUrl }: Api,
  integrationId: string,
  request: FunctionRequest,
): Promise<void> {
  const started = Promise.withResolvers<string>();
  callIntegration(service, integrationId, request, started.resolve).catch(started.reject);
  const runId = await started.promise;
  ctx.set(RUN_ID_HEADER, runId);
  ctx.set('Preference-Applied', 'respond-async');
  ctx.set('Location', `${publicUrl()}/v1/integrations/${integrationId}/runs/${runId}`);
  ctx.status = 202;
  const run = await service.dispatcher.runs.find(integrationId, runId);
  replyJson(ctx, run && withoutPayloads(run));
}

/** Replies with the text exactly as it left the isolate. */
function replyAnswer(ctx: ApiContext, { text, runId }: CallAnswer): void {
  if (runId !== undefined) ctx.set(RUN_ID_HEADER, runId);
  ctx.status = 200;
  replyJsonText(ctx, text);
}
