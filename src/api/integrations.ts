/** `/integrations`: records and lists (contract 4). */
import type { Static } from '#typebox';
import { requestError } from '../errors.ts';
import { changeWithTask } from '../integration/change-with-task.ts';
import { DiyBody, type Integration, IntegrationChange } from '../integration/integration.ts';
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
import { perRecordKind, recordKinds, type SortKey, sortKeyOf } from '../store/stored.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { bodyLimitsOf, readJson } from './body.ts';
import {
  type ApiContext,
  accountOf,
  change,
  changingOf,
  etagOf,
  flag,
  integrationIdOf,
  replyJson,
  replyRecord,
  unitOf,
} from './context.ts';
import { filterOf, filters, replyList } from './paging.ts';
import { assertPreconditions } from './preconditions.ts';
import { ProjectionQuery, projectionOf } from './projection.ts';
import { documentsInReach } from './reach.ts';
import { bodyErrors, createdHeaders, etagHeaders, listOf, listQuery, noContent, notModified } from './replies.ts';
import { type Route, route } from './route.ts';
import { Dependencies, flags, Integration as IntegrationReply, orProjected } from './schemas.ts';

/** Records listed in an error message. */
const LISTED_MAX = 20;

export const integrationRoutes: readonly Route[] = [
  route.get('/integrations', {
    scope: 'read',
    runs: 'own',
    tag: 'integrations',
    summary: 'Lists integrations, oldest first',
    query: [...listQuery, filters('_connectorId', 'mode', 'tag')],
    replies: listOf(IntegrationReply, 'A page of integrations.'),
    async handle(ctx, { service, publicUrl }) {
      const { grant } = ctx.state;
      const own = grant && viewOf(await unitOf(ctx, service, grant.integrationId));
      const matches = filterOf(ctx);
      await replyList(ctx, {
        source: (after, count) => (own ? [own] : integrationsOf(ctx, service, after, count)),
        sortKeyOf: ({ head }) => sortKeyOf(head),
        matches: ({ head }) => matches(head),
        show: (view, projection) => shownText(ctx, service, view, projection),
        publicUrl: publicUrl(),
      });
    },
  }),
  route.post('/integrations', {
    scope: 'full',
    tag: 'integrations',
    summary: 'Creates an integration without a connector',
    headers: ['Idempotency-Key'],
    body: { schema: DiyBody },
    replies: { 201: { description: 'The new integration.', schema: IntegrationReply, headers: createdHeaders } },
    errors: [...bodyErrors, 'idempotency_mismatch', 'conflict'],
    async handle(ctx, { service, idempotency }) {
      const body = await readJson(ctx);
      await idempotency.once(ctx, { kind: 'integrations', status: 201 }, body, async (_id) => {
        const now = service.now().toISOString();
        const fixed = { _id, createdAt: now, lastModified: now };
        const created = await service.work.run(tasks, 'create', { body, fixed }, body.length, accountOf(ctx));
        const [view, etag] = await change(ctx, service, _id, (unit) => {
          const stored = putIntegration(service, unit, created.integration, created.text);
          return [viewOf(unit), etagOf(unit, stored)] as const;
        });
        replyRecord(ctx, integrationJson(view.head, view.settings), etag);
        ctx.status = 201;
      });
    },
  }),
  route.get('/integrations/{_id}', {
    scope: 'read',
    runs: 'own',
    tag: 'integrations',
    summary: 'Reads an integration',
    query: [ProjectionQuery],
    headers: ['If-None-Match'],
    replies: {
      200: { description: 'The integration.', schema: orProjected(IntegrationReply), headers: etagHeaders },
      304: notModified,
    },
    errors: ['not_found'],
    async handle(ctx, { service }) {
      const unit = await unitOf(ctx, service, integrationIdOf(ctx));
      const view = viewOf(unit);
      const head = visible(ctx, service, view.head);
      replyRecord(ctx, await shownText(ctx, service, view, projectionOf(ctx)), etagOf(unit, head));
    },
  }),
  route.put('/integrations/{_id}', {
    scope: 'integrations',
    runs: 'own',
    tag: 'integrations',
    summary: 'Updates an integration. Omitted fields stay',
    headers: ['If-Match', 'If-None-Match'],
    body: { schema: IntegrationChange },
    replies: {
      200: { description: 'The updated integration.', schema: IntegrationReply, headers: etagHeaders },
    },
    errors: [...bodyErrors, 'not_found', 'precondition_failed', 'field_locked_by_integration_app', 'conflict'],
    async handle(ctx, { service }) {
      const id = integrationIdOf(ctx);
      const body = await readJson(ctx);
      const [view, etag] = await rewrite(ctx, service, id, body);
      replyRecord(ctx, integrationJson(visible(ctx, service, view.head), view.settings), etag);
    },
  }),
  route.delete('/integrations/{_id}', {
    scope: 'integrations',
    tag: 'integrations',
    summary: 'Removes an integration',
    headers: ['If-Match', 'If-None-Match'],
    query: [
      flags(
        ['cascade', 'Also removes its records.'],
        ['force', 'Also removes its records, and skips the uninstaller if a connector installed it.'],
      ),
    ],
    replies: { 204: noContent },
    errors: ['not_found', 'precondition_failed', 'has_dependencies', 'uninstall_required', 'conflict'],
    async handle(ctx, { service }) {
      const id = integrationIdOf(ctx);
      await change(ctx, service, id, (unit) => {
        const integration = integrationOf(unit);
        assertPreconditions(ctx, etagOf(unit, integration));
        assertRemovable(unit, integration, { cascade: flag(ctx, 'cascade'), force: flag(ctx, 'force') });
        unit.removeAll();
      });
      await service.dispatcher.runs.forget(id);
      ctx.status = 204;
    },
  }),
  route.get('/integrations/{_id}/dependencies', {
    scope: 'read',
    runs: 'own',
    tag: 'integrations',
    summary: 'Lists the records of an integration',
    replies: { 200: { description: 'Records by kind.', schema: Dependencies } },
    errors: ['not_found'],
    async handle(ctx, { service }) {
      const unit = await unitOf(ctx, service, integrationIdOf(ctx));
      integrationOf(unit);
      replyJson(ctx, dependenciesOf(unit));
    },
  }),
];

function rewrite(ctx: ApiContext, service: Service, id: string, body: Buffer): Promise<readonly [View, string]> {
  return changeWithTask(changingOf(ctx, service, id), tasks, 'put', {
    inputOf(unit) {
      const current = integrationOf(unit);
      assertPreconditions(ctx, etagOf(unit, visible(ctx, service, current)));
      const [isRun, isUpdating] = [ctx.state.grant !== undefined, service.store.isLocked(id)];
      // Only a user's settings are compared with the stored ones.
      const settings = !isRun && body.includes('"settings"') ? unit.settings?.text : undefined;
      const input = { body, limits: bodyLimitsOf(ctx), current, settings, isRun, isUpdating };
      return { input, bytes: body.length + (settings?.length ?? 0) };
    },
    revisionOf: (unit) => unit.revisionOf(id),
    store(unit, { integration, text }) {
      const stored = putIntegration(service, unit, integration, text);
      return [viewOf(unit), etagOf(unit, visible(ctx, service, stored))] as const;
    },
  });
}

/** An integration's JSON, or the requested part of it. */
function shownText(
  ctx: ApiContext,
  service: Service,
  { head, settings }: View,
  projection: Projection | undefined,
): string | Buffer | Promise<string | Buffer> {
  const seen = visible(ctx, service, head);
  if (!projection) return integrationJson(seen, settings);
  if (!settings || !concerns(projection, 'settings')) return JSON.stringify(project(seen, projection));
  if (!settings.isLarge) return JSON.stringify(project({ ...seen, settings: settings.value }, projection));
  const integration = integrationJson(seen, settings);
  const input = { integration, projection };
  return service.work.run(tasks, 'projected', input, integration.length, accountOf(ctx)).then(({ text }) => text);
}

/** Users see when an update is running; a run sees its integration as stored. */
function visible(ctx: ApiContext, service: Service, integration: Integration): Integration {
  return ctx.state.grant ? integration : publicIntegration(service, integration);
}

/** An integration without its settings, and its settings. */
interface View {
  readonly head: Integration;
  readonly settings: Part<undefined> | undefined;
}

const viewOf = (unit: UnitOfWork): View => ({ head: integrationOf(unit), settings: unit.settings });

async function* integrationsOf(
  ctx: ApiContext,
  service: Service,
  after: SortKey | undefined,
  count: number,
): AsyncGenerator<View> {
  for await (const { integration, settings } of documentsInReach(ctx, service, after, count)) {
    yield { head: integration.head as Integration, settings };
  }
}

function dependenciesOf(unit: UnitOfWork): Static<typeof Dependencies> {
  return perRecordKind((kind) =>
    [...unit.records(kind).values()].map(({ head: { _id, name } }) => ({
      id: _id,
      name: typeof name === 'string' ? name : '',
    })),
  );
}

function assertRemovable(
  unit: UnitOfWork,
  integration: Integration,
  allow: { cascade: boolean; force: boolean },
): void {
  if (integration._connectorId !== undefined && !allow.force) throw requestError('uninstall_required');
  if (allow.cascade || allow.force) return;
  const grouped = recordKinds.flatMap((kind) => [...unit.records(kind).keys()].map((id) => `${kind} ${id}`));
  if (grouped.length === 0) return;
  throw requestError('has_dependencies', {
    message: `The integration still contains: ${shortList(grouped, LISTED_MAX)}`,
  });
}
