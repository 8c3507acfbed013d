/** `/integrations`: records and lists (contract 4). */
import type { Router } from '@koa/router';
import { requestError } from '../errors.ts';
import { changeWithTask } from '../integration/change-with-task.ts';
import type { Integration } from '../integration/integration.ts';
import { tasks } from '../integration/integration-tasks.ts';
import {
  integrationJson,
  integrationOf,
  publicIntegration,
  putIntegration,
  type Service,
} from '../integration/service.ts';
import { concerns, type Projection, project } from '../projection.ts';
import { shortList } from '../shorten.ts';
import type { Part } from '../store/part.ts';
import { recordKinds, type SortKey, sortKeyOf } from '../store/stored.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { bodyLimitsOf, readJson } from './body.ts';
import {
  type ApiContext,
  accountOf,
  assertAdministrator,
  change,
  changingOf,
  etagOf,
  flag,
  integrationIdOf,
  replyJson,
  replyRecord,
  unitOf,
} from './context.ts';
import type { Idempotency } from './idempotency.ts';
import { filters, filtersOf, replyList } from './paging.ts';
import { assertPreconditions } from './preconditions.ts';
import { projectionOf } from './projection.ts';

/** Records that are named in an error. */
const NAMED = 20;

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
    const own = grant && seenIn(await unitOf(ctx, service, grant.integrationId));
    const isWanted = filtersOf(ctx, IntegrationFilters);
    await replyList(ctx, {
      source: (after) => (own ? [own] : integrationsOf(service, after)),
      sortKeyOf: ({ head }) => sortKeyOf(head),
      matches: ({ head }) => isWanted(head),
      filters: IntegrationFilters,
      show: (seen, projection) => shownText(ctx, seen, projection),
      publicUrl: publicUrl(),
    });
  });

  router.post('/integrations', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const body = await readJson(ctx);
    await idempotency.once(ctx, { kind: 'integrations', status: 201 }, body, async (_id) => {
      const now = service.now().toISOString();
      const fixed = { _id, createdAt: now, lastModified: now };
      const created = await service.work.run(tasks, 'create', { body, fixed }, body.length, accountOf(ctx));
      const [seen, etag] = await change(ctx, service, _id, (unit) => {
        const stored = putIntegration(service, unit, created.integration, created.text);
        return [seenIn(unit), etagOf(unit, stored)] as const;
      });
      replyRecord(ctx, integrationJson(seen.head, seen.settings), etag);
      ctx.status = 201;
    });
  });

  router.get('/integrations/:id', async (context) => {
    const ctx = context as ApiContext;
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    const seen = seenIn(unit);
    const head = visible(ctx, seen.head);
    replyRecord(ctx, await shownText(ctx, seen, projectionOf(ctx)), etagOf(unit, head));
  });

  router.put('/integrations/:id', async (context) => {
    const ctx = context as ApiContext;
    const id = integrationIdOf(ctx);
    const body = await readJson(ctx);
    const [seen, etag] = await rewritten(ctx, id, body);
    replyRecord(ctx, integrationJson(visible(ctx, seen.head), seen.settings), etag);
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
    await service.dispatcher.runs.forget(id);
    ctx.status = 204;
  });

  router.get('/integrations/:id/dependencies', async (context) => {
    const ctx = context as ApiContext;
    const unit = await unitOf(ctx, service, integrationIdOf(ctx));
    integrationOf(unit);
    replyJson(ctx, dependenciesOf(unit));
  });

  function rewritten(ctx: ApiContext, id: string, body: Buffer): Promise<readonly [Seen, string]> {
    return changeWithTask(changingOf(ctx, service, id), tasks, 'put', {
      inputOf(unit) {
        const current = integrationOf(unit);
        assertPreconditions(ctx, etagOf(unit, visible(ctx, current)));
        const [isRun, isUpdating] = [ctx.state.grant !== undefined, service.updating.has(id)];
        // Only a user's are compared with what is there.
        const settings = !isRun && body.includes('"settings"') ? unit.settings?.text : undefined;
        const input = { body, limits: bodyLimitsOf(ctx), current, settings, isRun, isUpdating };
        return { input, bytes: body.length + (settings?.length ?? 0) };
      },
      revisionOf: (unit) => unit.revisionOf(id),
      store(unit, { integration, text }) {
        const stored = putIntegration(service, unit, integration, text);
        return [seenIn(unit), etagOf(unit, visible(ctx, stored))] as const;
      },
    });
  }

  /** An integration's JSON, or the part of it that was asked for. */
  function shownText(
    ctx: ApiContext,
    { head, settings }: Seen,
    projection: Projection | undefined,
  ): string | Buffer | Promise<string | Buffer> {
    const seen = visible(ctx, head);
    if (!projection) return integrationJson(seen, settings);
    if (!settings || !concerns(projection, 'settings')) return JSON.stringify(project(seen, projection));
    if (!settings.isLarge) {
      return JSON.stringify(project({ ...seen, settings: settings.value }, projection));
    }
    const integration = integrationJson(seen, settings);
    const input = { integration, projection };
    return service.work.run(tasks, 'projected', input, integration.length, accountOf(ctx)).then(({ text }) => text);
  }

  function visible(ctx: ApiContext, integration: Integration): Integration {
    return ctx.state.grant ? integration : publicIntegration(service, integration);
  }
}

/** An integration as its unit of work has it, with its settings apart. */
interface Seen {
  readonly head: Integration;
  readonly settings: Part<undefined> | undefined;
}

const seenIn = (unit: UnitOfWork): Seen => ({ head: integrationOf(unit), settings: unit.settings });

async function* integrationsOf(service: Service, after: SortKey | undefined): AsyncGenerator<Seen> {
  for await (const { integration, settings } of service.store.documents(after)) {
    yield { head: integration.head as Integration, settings };
  }
}

function dependenciesOf(unit: UnitOfWork): Record<string, { id: string; name: string }[]> {
  return Object.fromEntries(
    recordKinds.map((kind) => [
      kind,
      [...unit.records(kind).values()].map(({ head: { _id, name } }) => ({
        id: _id,
        name: typeof name === 'string' ? name : '',
      })),
    ]),
  );
}

function assertRemovable(unit: UnitOfWork, integration: Integration, may: { cascade: boolean; force: boolean }): void {
  if (integration._connectorId !== undefined && !may.force) throw requestError('uninstall_required');
  if (may.cascade || may.force) return;
  const grouped = recordKinds.flatMap((kind) => [...unit.records(kind).keys()].map((id) => `${kind} ${id}`));
  if (grouped.length === 0) return;
  throw requestError('has_dependencies', { message: `The integration still groups: ${shortList(grouped, NAMED)}` });
}
