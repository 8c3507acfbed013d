/** `/connections`, `/exports`, `/imports`, `/flows`: the same routes for every kind of record (contract 8). */
import { requestError } from '../errors.ts';
import { changeWithTask } from '../integration/change-with-task.ts';
import type { Service } from '../integration/service.ts';
import type { Projection } from '../projection.ts';
import { JsonPatch } from '../record/json-patch.ts';
import { RecordFields } from '../record/record.ts';
import { draftBytes, noIntegration, tasks } from '../record/record-tasks.ts';
import {
  createInput,
  noSuchRecord,
  publicText,
  putDraft,
  recordOf,
  removeRecord,
  updateInput,
  type Writer,
} from '../record/records.ts';
import { oldestRecords, recordsOf } from '../store/oldest-records.ts';
import type { Part } from '../store/part.ts';
import type { RecordQuery } from '../store/store.ts';
import { type RecordKind, recordKinds, sortKeyOf } from '../store/stored.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { bodyLimitsOf, readJson } from './body.ts';
import { type ApiContext, accountOf, change, changingOf, etagOf, replyRecord, unitOf } from './context.ts';
import { filterOf, filters, replyList } from './paging.ts';
import { assertPreconditions } from './preconditions.ts';
import { ProjectionQuery, projectionOf } from './projection.ts';
import { queryOf } from './query.ts';
import { assertInReach, documentsInReach, mayChooseClient, reachOf } from './reach.ts';
import { bodyErrors, createdHeaders, etagHeaders, listOf, listQuery, noContent, notModified } from './replies.ts';
import { type Route, route } from './route.ts';
import { Entity, orProjected } from './schemas.ts';

const RecordFilters = filters('_integrationId', '_connectorId', 'type', 'name', 'externalId');
const changeErrors = [
  ...bodyErrors,
  'invalid_ref',
  'not_found',
  'precondition_failed',
  'credentials_unreadable',
  'conflict',
] as const;

export const recordRoutes: readonly Route[] = recordKinds.flatMap(routesOf);

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function routesOf(kind: RecordKind): Route[] {
  const one = kind.slice(0, -1);
  const shown = (ctx: ApiContext, service: Service, record: Part, projection?: Projection): Promise<Buffer> =>
    publicText(service.work, accountOf(ctx), kind, record, projection);
  return [
    route.get(`/${kind}`, {
      scope: 'read',
      runs: 'own',
      tag: kind,
      summary: `Lists ${kind}, oldest first`,
      query: [...listQuery, RecordFilters],
      replies: listOf(Entity, `A page of ${kind}.`),
      async handle(ctx, { service, publicUrl }) {
        const matches = filterOf(ctx);
        await replyList(ctx, {
          source: (after, limit) => recordsFor(ctx, service, kind, { after, limit, matches }),
          sortKeyOf: ({ head }) => sortKeyOf(head),
          show: (record, projection) => shown(ctx, service, record, projection),
          publicUrl: publicUrl(),
        });
      },
    }),
    route.post(`/${kind}`, {
      scope: 'integrations',
      runs: 'own',
      tag: kind,
      summary: `Creates ${withArticle(one)}`,
      headers: ['Idempotency-Key'],
      body: { schema: RecordFields },
      replies: { 201: { description: `The new ${one}.`, schema: Entity, headers: createdHeaders } },
      errors: [
        ...bodyErrors,
        'invalid_ref',
        'idempotency_mismatch',
        'conflict',
        ...(kind === 'connections' ? ['credentials_unreadable' as const] : []),
      ],
      async handle(ctx, { service, idempotency }) {
        const body = await readJson(ctx);
        await idempotency.once(ctx, { kind, status: 201 }, body, async (id) => {
          const input = createInput(writerOf(ctx, service), kind, id, body);
          const draft = await service.work.run(tasks, 'draft', input, draftBytes(kind, body.length), accountOf(ctx));
          const integrationId = String(draft.head._integrationId);
          assertInReach(ctx, integrationId);
          const [record, etag] = await change(ctx, service, integrationId, (unit) => {
            if (!unit.integration) throw noIntegration();
            return withEtag(unit, putDraft(unit, kind, draft));
          });
          replyRecord(ctx, await shown(ctx, service, record), etag);
          ctx.status = 201;
        });
      },
    }),
    route.get(`/${kind}/{_id}`, {
      scope: 'read',
      runs: 'own',
      tag: kind,
      summary: `Reads ${withArticle(one)}`,
      query: [ProjectionQuery],
      headers: ['If-None-Match'],
      replies: {
        200: { description: `The ${one}.`, schema: orProjected(Entity), headers: etagHeaders },
        304: notModified,
      },
      errors: ['not_found'],
      async handle(ctx, { service }) {
        const unit = await unitOf(ctx, service, await ownerOf(ctx, service, kind));
        const [record, etag] = withEtag(unit, recordOf(unit, kind, ctx.params._id as string));
        replyRecord(ctx, await shown(ctx, service, record, projectionOf(ctx)), etag);
      },
    }),
    route.put(`/${kind}/{_id}`, {
      scope: 'integrations',
      runs: 'own',
      tag: kind,
      summary: `Replaces ${withArticle(one)}`,
      headers: ['If-Match', 'If-None-Match'],
      body: { schema: RecordFields },
      replies: { 200: { description: `The updated ${one}.`, schema: Entity, headers: etagHeaders } },
      errors: changeErrors,
      async handle(ctx, { service }) {
        const [record, etag] = await rewrite(ctx, service, kind, await readJson(ctx), false);
        replyRecord(ctx, await shown(ctx, service, record), etag);
      },
    }),
    route.patch(`/${kind}/{_id}`, {
      scope: 'integrations',
      runs: 'own',
      tag: kind,
      summary: `Updates ${withArticle(one)} with a JSON Patch (RFC 6902)`,
      headers: ['If-Match', 'If-None-Match'],
      body: { schema: JsonPatch, types: ['application/json-patch+json', 'application/json'] },
      replies: { 204: noContent },
      errors: changeErrors,
      async handle(ctx, { service }) {
        if (ctx.request.is('application/merge-patch+json')) {
          ctx.set('Accept-Patch', 'application/json-patch+json');
          throw requestError('unsupported_media_type', { message: 'The body must be a JSON Patch (RFC 6902).' });
        }
        await rewrite(ctx, service, kind, await readJson(ctx), true);
        ctx.status = 204;
      },
    }),
    route.delete(`/${kind}/{_id}`, {
      scope: 'integrations',
      runs: 'own',
      tag: kind,
      summary: `Removes ${withArticle(one)}`,
      headers: ['If-Match', 'If-None-Match'],
      replies: { 204: noContent },
      errors: ['not_found', 'precondition_failed', 'has_dependencies', 'conflict'],
      async handle(ctx, { service }) {
        const id = ctx.params._id as string;
        await change(ctx, service, await ownerOf(ctx, service, kind), (unit) => {
          assertPreconditions(ctx, etagOf(unit, recordOf(unit, kind, id).head));
          removeRecord(unit, kind, id);
        });
        ctx.status = 204;
      },
    }),
  ];
}

async function rewrite(
  ctx: ApiContext,
  service: Service,
  kind: RecordKind,
  body: Buffer,
  isPatch: boolean,
): Promise<readonly [Part, string]> {
  const id = ctx.params._id as string;
  const integrationId = await ownerOf(ctx, service, kind);
  return changeWithTask(changingOf(ctx, service, integrationId), tasks, 'draft', {
    inputOf(unit) {
      const before = recordOf(unit, kind, id);
      assertPreconditions(ctx, etagOf(unit, before.head));
      const input = updateInput(writerOf(ctx, service), unit, kind, before, body, isPatch);
      return { input, bytes: draftBytes(kind, body.length + (input.before ? before.bytes : 0)) };
    },
    revisionOf: (unit) => recordOf(unit, kind, id).revision,
    store: (unit, draft) => withEtag(unit, putDraft(unit, kind, draft)),
  });
}

function withEtag(unit: UnitOfWork, record: Part): readonly [Part, string] {
  return [record, etagOf(unit, record.head)];
}

function writerOf(ctx: ApiContext, service: Service): Writer {
  const { grant: run } = ctx.state;
  return { now: service.now(), limits: bodyLimitsOf(ctx), run, mayChooseClient: mayChooseClient(ctx) };
}

/**
 * The integration that the record in the path belongs to.
 *
 * @throws RequestError 404 if there is no such record, or the token may not know of it; 403 if a run asks for another
 * integration's
 */
export async function ownerOf(ctx: ApiContext, service: Service, kind: RecordKind): Promise<string> {
  const id = ctx.params._id as string;
  const { grant } = ctx.state;
  const own = grant && (await unitOf(ctx, service, grant.integrationId));
  if (grant && own?.record(kind, id)) return grant.integrationId;
  const owner = await service.store.ownerOf(id);
  if (grant && owner !== undefined && owner !== grant.integrationId) throw requestError('access_restricted');
  if (owner === undefined || grant || reachOf(ctx)?.has(owner) === false) throw noSuchRecord(kind);
  return owner;
}

/** The records of a list: of the run's integration, the one in the query, or all that the caller may read. */
async function* recordsFor(
  ctx: ApiContext,
  service: Service,
  kind: RecordKind,
  query: RecordQuery,
): AsyncGenerator<Part> {
  const id = ctx.state.grant?.integrationId ?? queryOf(ctx, '_integrationId');
  const reach = reachOf(ctx);
  if (id === undefined && !reach) yield* service.store.records(kind, query);
  else if (id === undefined) yield* await oldestRecords(recordsOf(documentsInReach(ctx, service), kind), query);
  else if (reach?.has(id) !== false)
    yield* await oldestRecords((await unitOf(ctx, service, id)).records(kind).values(), query);
}
