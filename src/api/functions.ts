/** Install, uninstall and function calls: what runs a connector's code (contract 5 and 6). */
import type { Router } from '@koa/router';
import { type CallAnswer, callIntegration } from '../integration/call.ts';
import { type FunctionRequest, sections } from '../integration/dispatch.ts';
import { install } from '../integration/install.ts';
import { RUN_ID_HEADER } from '../integration/run-error.ts';
import { integrationJson, integrationOf, publicIntegration, type Service } from '../integration/service.ts';
import { uninstall } from '../integration/uninstall.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { readArgument, readObject } from './body.ts';
import {
  type ApiContext,
  assertAdministrator,
  etagOf,
  flag,
  integrationIdOf,
  replyJson,
  replyJsonText,
  replyRecord,
} from './context.ts';
import type { Idempotency } from './idempotency.ts';
import { assertPreconditions } from './preconditions.ts';

export function functionRoutes(
  router: Router,
  service: Service,
  idempotency: Idempotency,
  publicUrl: () => string,
): void {
  for (const section of sections) {
    router.put(`/integrations/:id/${section}/:function`, async (context) => {
      const ctx = context as ApiContext;
      assertAdministrator(ctx);
      const id = integrationIdOf(ctx);
      const body = await readArgument(ctx, service);
      const name = ctx.params.function as string;
      const precondition = integrationCondition(ctx, service);
      const request = { section, name, body, trace: ctx.state.trace, precondition };
      if (wantsRunAtOnce(ctx)) return replyRun(ctx, service, publicUrl(), id, request);
      replyAnswer(ctx, await callIntegration(service, id, request));
    });
  }

  router.post('/integrations/:id/install', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const { bytes, value } = await readObject(ctx);
    const { trace } = ctx.state;
    await idempotency.once(ctx, { kind: 'integrations', status: 200 }, bytes, async (id) => {
      const { unit, runId } = await install(service, ctx.params.id as string, value, { id, trace });
      const integration = integrationOf(unit);
      if (runId !== undefined) ctx.set(RUN_ID_HEADER, runId);
      replyRecord(ctx, integrationJson(integration, unit.settings), etagOf(unit, integration));
    });
  });

  router.delete('/integrations/:id/install', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const id = integrationIdOf(ctx);
    const body = await readArgument(ctx, service);
    const precondition = integrationCondition(ctx, service);
    const options = { body, force: flag(ctx, 'force'), precondition, trace: ctx.state.trace };
    replyAnswer(ctx, await uninstall(service, id, options));
  });
}

/** The request's conditions, for the integration as it is when the run begins. */
const integrationCondition =
  (ctx: ApiContext, service: Service) =>
  (unit: UnitOfWork): void =>
    assertPreconditions(ctx, etagOf(unit, publicIntegration(service, integrationOf(unit))));

/** `Prefer: respond-async` (RFC 7240, 4.1). */
const wantsRunAtOnce = (ctx: ApiContext): boolean => /(?:^|,)\s*respond-async\s*(?:[,;]|$)/i.test(ctx.get('Prefer'));

/** Replies as soon as the run has begun; what comes of it stands in its record. */
async function replyRun(
  ctx: ApiContext,
  service: Service,
  publicUrl: string,
  integrationId: string,
  request: FunctionRequest,
): Promise<void> {
  const started = Promise.withResolvers<string>();
  callIntegration(service, integrationId, request, started.resolve).catch(started.reject);
  const runId = await started.promise;
  ctx.set(RUN_ID_HEADER, runId);
  ctx.set('Preference-Applied', 'respond-async');
  ctx.set('Location', `${publicUrl}/v1/integrations/${integrationId}/runs/${runId}`);
  ctx.status = 202;
  replyJson(ctx, await service.dispatcher.runs.find(integrationId, runId));
}

/** The answer's text is the body, as it came through the wall. */
function replyAnswer(ctx: ApiContext, { text, runId }: CallAnswer): void {
  if (runId !== undefined) ctx.set(RUN_ID_HEADER, runId);
  ctx.status = 200;
  replyJsonText(ctx, text);
}
