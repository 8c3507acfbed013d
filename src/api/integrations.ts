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
import { integrationOf, put, type Service } from '../integration/service.ts';
import { remove } from '../integration/uninstall.ts';
import { recordKinds, type Stored } from '../store/store.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { readObject } from './body.ts';
import {
  type ApiContext,
  assertAdministrator,
  assertMatches,
  change,
  etagOf,
  flag,
  integrationIdOf,
  replyRecord,
  unitOf,
} from './context.ts';
import { projectionOf, queryOf, replyList } from './paging.ts';

const FILTERS = ['_connectorId', 'mode', 'tag'] as const;

export function integrationRoutes(router: Router, service: Service, publicUrl: () => string): void {
  router.get('/integrations', async (context) => {
    const ctx = context as ApiContext;
    replyList(ctx, await matching(ctx, service), publicUrl());
  });

  router.post('/integrations', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const { value } = await readObject(ctx);
    const now = service.now().toISOString();
    const created = { _id: service.dispatcher.ids(), createdAt: now, lastModified: now, ...diyFields(value) };
    assertIntegration(created);
    const { result, unit } = await change(ctx, service, created._id, (unit) => put(service, unit, created));
    replyRecord(ctx, result, etagOf(unit, result));
    ctx.status = 201;
    ctx.set('Location', `${publicUrl()}/v1/integrations/${created._id}`);
  });

  router.get('/integrations/:id', async (context) => {
    const ctx = context as ApiContext;
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    const integration = integrationOf(unit);
    replyRecord(ctx, projectionOf(ctx)(integration), etagOf(unit, integration));
  });

  router.put('/integrations/:id', async (context) => {
    const ctx = context as ApiContext;
    const id = integrationIdOf(ctx);
    const { value } = await readObject(ctx);
    const { result, unit } = await change(ctx, service, id, (unit) => {
      const current = integrationOf(unit);
      assertMatches(ctx, etagOf(unit, current));
      const next = ctx.state.grant ? connectorChange(current, value) : userChange(current, value);
      assertIntegration(next);
      return put(service, unit, next);
    });
    replyRecord(ctx, result, etagOf(unit, result));
  });

  router.delete('/integrations/:id', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const id = integrationIdOf(ctx);
    const unit = await unitOf(ctx, service, id);
    const integration = integrationOf(unit);
    assertMatches(ctx, etagOf(unit, integration));
    assertRemovable(unit, integration, { cascade: flag(ctx, 'cascade'), force: flag(ctx, 'force') });
    await remove(service, id);
    ctx.status = 204;
  });

  router.get('/integrations/:id/dependencies', async (context) => {
    const ctx = context as ApiContext;
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    integrationOf(unit);
    ctx.body = dependenciesOf(unit);
  });
}

async function matching(ctx: ApiContext, service: Service): Promise<readonly Stored[]> {
  const { grant } = ctx.state;
  const all = grant ? [integrationOf(grant.unit)] : await service.store.list();
  const wanted = FILTERS.map((name) => [name, queryOf(ctx, name)] as const).filter(([, value]) => value !== undefined);
  if (wanted.length === 0) return all;
  return all.filter((integration) => wanted.every(([name, value]) => integration[name] === value));
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
