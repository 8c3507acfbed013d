/** `/integrations/{id}/runs`: what was called, how it went, and an end to what is going on (contract 4). */
import type { Router } from '@koa/router';
import { requestError } from '../errors.ts';
import { integrationOf, type Service } from '../integration/service.ts';
import type { RunRecord } from '../run/run.ts';
import { type ApiContext, assertAdministrator, integrationIdOf, replyJsonText, unitOf } from './context.ts';
import { asText, replyList } from './paging.ts';
import { projectionOf } from './projection.ts';

/** Runs are listed by their ids, which count up. */
const sortKeyOf = ({ _id }: { readonly _id: string }): [place: string, id: string] => [_id, _id];

export function runRoutes(router: Router, service: Service, publicUrl: () => string): void {
  const { runs } = service.dispatcher;

  router.get('/integrations/:id/runs', async (context) => {
    const ctx = context as ApiContext;
    const id = await knownIntegration(ctx, service);
    await replyList(ctx, {
      source: (after) => runs.of(id, after?.[1]),
      sortKeyOf,
      show: (run, projection) => asText(asJson(run), projection),
      publicUrl: publicUrl(),
    });
  });

  router.get('/integrations/:id/runs/:run', async (context) => {
    const ctx = context as ApiContext;
    const run = await knownRun(ctx);
    replyJsonText(ctx, asText(asJson(run), projectionOf(ctx)));
  });

  router.delete('/integrations/:id/runs/:run', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const { _integrationId, _id } = await knownRun(ctx);
    // One that has ended in the meantime is what is wanted.
    runs.cancel(_integrationId, _id);
    ctx.status = 204;
  });

  async function knownRun(ctx: ApiContext): Promise<RunRecord> {
    const [id, runId] = [integrationIdOf(ctx), ctx.params.run as string];
    const running = await runs.find(id, runId);
    // While it is being installed there is a run of an integration that is not there yet.
    if (running?.outcome === 'running' && !ctx.state.grant) return running;
    const run = await runs.find(await knownIntegration(ctx, service), runId);
    if (!run) throw noSuchRun();
    return run;
  }
}

async function knownIntegration(ctx: ApiContext, service: Service): Promise<string> {
  const id = integrationIdOf(ctx);
  integrationOf(await unitOf(ctx, service, id));
  return id;
}

const noSuchRun = (): Error => requestError('not_found', { message: 'There is no such run of this integration.' });

/** A run's record is plain data; only its type does not say so. */
const asJson = (run: RunRecord) => run as RunRecord & { readonly [field: string]: never };
