/** `/integrations`: records and lists (contract 4). */
import type { Router } from '@koa/router';
import { requestError } from '../errors.ts';
import {
  assertIntegration,
  connectorChange,
  diyFields,
  type Integration,
  userChange,
} from '../integration/integration.ts';
import { integrationOf, put, type Service, shown } from '../integration/service.ts';
import { type Place, placeOf, recordKinds, type Stored } from '../store/store.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { readObject } from './body.ts';
import {
  type ApiContext,
  assertAdministrator,
  change,
  etagOf,
  flag,
  integrationIdOf,
  replyJson,
  replyRecord,
  unitOf,
} from './context.ts';
import type { Idempotency } from './idempotency.ts';
import { filters, filtersOf, projectionOf, replyList } from './paging.ts';
import { assertPreconditions } from './preconditions.ts';

export const IntegrationFilters = filters('_connectorId', 'mode', 'tag');

export function integrationRoutes(
  router: Router,
  service: Service,
  idempotency: Idempotency,
  publicUrl: () => string,
): void {
  router.get('/integrations', async (context) => {
    const ctx = context as ApiContext;
    const { grant } = ctx.state;
    const own = grant && integrationOf(await unitOf(ctx, service, grant.integrationId));
    await replyList(ctx, {
      source: (after) => (own ? [own] : integrationsOf(service, after)),
      placeOf,
      matches: filtersOf(ctx, IntegrationFilters),
      filters: IntegrationFilters,
      show: (integration) => visible(ctx, integration as Integration),
      publicUrl: publicUrl(),
    });
  });

  router.post('/integrations', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const { text, value } = await readObject(ctx);
    await idempotency.once(ctx, { kind: 'integrations', status: 201 }, text, async (_id) => {
      const now = service.now().toISOString();
      const created = { _id, createdAt: now, lastModified: now, ...diyFields(value) };
      assertIntegration(created);
      const [result, etag] = await change(ctx, service, _id, (unit) => {
        const stored = put(service, unit, created);
        return [stored, etagOf(unit, stored)] as const;
      });
      replyRecord(ctx, result, etag);
      ctx.status = 201;
    });
  });

  router.get('/integrations/:id', async (context) => {
    const ctx = context as ApiContext;
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    const integration = integrationOf(unit);
    const seen = visible(ctx, integration);
    replyRecord(ctx, projectionOf(ctx)(seen), etagOf(unit, seen));
  });

  router.put('/integrations/:id', async (context) => {
    const ctx = context as ApiContext;
    const id = integrationIdOf(ctx);
    const { value } = await readObject(ctx);
    const [result, etag] = await change(ctx, service, id, (unit) => {
      const current = integrationOf(unit);
      assertPreconditions(ctx, etagOf(unit, visible(ctx, current)));
      const next = ctx.state.grant
        ? connectorChange(current, value)
        : userChange(current, shown(service, current), value);
      assertIntegration(next);
      const stored = put(service, unit, next);
      const seen = visible(ctx, stored);
      return [seen, etagOf(unit, seen)] as const;
    });
    replyRecord(ctx, result, etag);
  });

  router.delete('/integrations/:id', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const id = integrationIdOf(ctx);
    await change(ctx, service, id, (unit) => {
      const integration = integrationOf(unit);
      assertPreconditions(ctx, etagOf(unit, integration));
      assertRemovable(unit, integration, { cascade: flag(ctx, 'cascade'), force: flag(ctx, 'force') });
      unit.removeAll();
    });
    service.dispatcher.runs.forget(id);
    ctx.status = 204;
  });

  router.get('/integrations/:id/dependencies', async (context) => {
    const ctx = context as ApiContext;
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    integrationOf(unit);
    replyJson(ctx, dependenciesOf(unit));
  });

  function visible(ctx: ApiContext, integration: Integration): Integration {
    return ctx.state.grant ? integration : shown(service, integration);
  }
}

async function* integrationsOf(service: Service, after: Place | undefined): AsyncGenerator<Stored> {
  for await (const { integration } of service.store.documents(after)) yield integration;
}

function dependenciesOf(unit: UnitOfWork): Record<string, { id: string; name: string }[]> {
  return Object.fromEntries(
    recordKinds.map((kind) => [
      kind,
      unit.records(kind).map(({ _id, name }) => ({ id: _id, name: typeof name === 'string' ? name : '' })),
    ]),
  );
}

function assertRemovable(unit: UnitOfWork, integration: Integration, may: { cascade: boolean; force: boolean }): void {
  if (integration._connectorId !== undefined && !may.force) throw requestError('uninstall_required');
  const grouped = recordKinds.flatMap((kind) => unit.records(kind).map(({ _id }) => `${kind} ${_id}`));
  if (grouped.length > 0 && !may.cascade && !may.force) {
    throw requestError('has_dependencies', { message: `The integration still groups: ${grouped.join(', ')}` });
  }
}
