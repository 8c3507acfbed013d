/** `/connections`, `/exports`, `/imports`, `/flows`: one set of routes for every kind of record (contract 8). */
import type { Router } from '@koa/router';
import { requestError } from '../errors.ts';
import { changeWithTask } from '../integration/change-with-task.ts';
import type { Service } from '../integration/service.ts';
import type { Projection } from '../projection.ts';
import { noIntegration, tasks } from '../record/record-tasks.ts';
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
import type { Part } from '../store/part.ts';
import { byAge, compareSortKeys, type RecordKind, recordKinds, type SortKey, sortKeyOf } from '../store/stored.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { TimeSlice } from '../work/time-slice.ts';
import { bodyLimitsOf, readJson } from './body.ts';
import { type ApiContext, accountOf, change, changingOf, etagOf, replyRecord, unitOf } from './context.ts';
import type { Idempotency } from './idempotency.ts';
import { filters, filtersOf, LIMIT_MAX, replyList } from './paging.ts';
import { assertPreconditions } from './preconditions.ts';
import { projectionOf } from './projection.ts';
import { queryOf } from './query.ts';

export const RecordFilters = filters('_integrationId', '_connectorId', 'type', 'name', 'externalId');

export function recordRoutes(
  router: Router,
  service: Service,
  idempotency: Idempotency,
  publicUrl: () => string,
): void {
  for (const kind of recordKinds) {
    const shown = (ctx: ApiContext, record: Part, projection?: Projection): Promise<Buffer> =>
      publicText(service.work, accountOf(ctx), kind, record, projection);

    router.get(`/${kind}`, async (context) => {
      const ctx = context as ApiContext;
      const isWanted = filtersOf(ctx, RecordFilters);
      await replyList(ctx, {
        source: (after) => oldest(recordsFor(ctx, service, kind), ({ head }) => isWanted(head), after),
        sortKeyOf: ({ head }) => sortKeyOf(head),
        filters: RecordFilters,
        show: (record, projection) => shown(ctx, record, projection),
        publicUrl: publicUrl(),
      });
    });

    router.post(`/${kind}`, async (context) => {
      const ctx = context as ApiContext;
      const body = await readJson(ctx);
      await idempotency.once(ctx, { kind, status: 201 }, body, async (id) => {
        const input = createInput(writerOf(ctx, service), kind, id, body);
        const draft = await service.work.run(tasks, 'draft', input, body.length, accountOf(ctx));
        const [record, etag] = await change(ctx, service, String(draft.head._integrationId), (unit) => {
          if (!unit.integration) throw noIntegration();
          return tagged(unit, putDraft(unit, kind, draft));
        });
        replyRecord(ctx, await shown(ctx, record), etag);
        ctx.status = 201;
      });
    });

    router.get(`/${kind}/:id`, async (context) => {
      const ctx = context as ApiContext;
      const unit = await unitOf(ctx, service, await ownerOf(ctx, service, kind));
      const [record, etag] = tagged(unit, recordOf(unit, kind, ctx.params.id as string));
      replyRecord(ctx, await shown(ctx, record, projectionOf(ctx)), etag);
    });

    router.put(`/${kind}/:id`, async (context) => {
      const ctx = context as ApiContext;
      const [record, etag] = await rewritten(ctx, service, kind, await readJson(ctx), false);
      replyRecord(ctx, await shown(ctx, record), etag);
    });

    router.patch(`/${kind}/:id`, async (context) => {
      const ctx = context as ApiContext;
      if (ctx.request.is('application/merge-patch+json')) {
        ctx.set('Accept-Patch', 'application/json-patch+json');
        throw requestError('unsupported_media_type', { message: 'The body must be a JSON Patch (RFC 6902).' });
      }
      await rewritten(ctx, service, kind, await readJson(ctx), true);
      ctx.status = 204;
    });

    router.delete(`/${kind}/:id`, async (context) => {
      const ctx = context as ApiContext;
      const id = ctx.params.id as string;
      await change(ctx, service, await ownerOf(ctx, service, kind), (unit) => {
        assertPreconditions(ctx, etagOf(unit, recordOf(unit, kind, id).head));
        removeRecord(unit, kind, id);
      });
      ctx.status = 204;
    });
  }
}

async function rewritten(
  ctx: ApiContext,
  service: Service,
  kind: RecordKind,
  body: Buffer,
  isPatch: boolean,
): Promise<readonly [Part, string]> {
  const id = ctx.params.id as string;
  const integrationId = await ownerOf(ctx, service, kind);
  return changeWithTask(changingOf(ctx, service, integrationId), tasks, 'draft', {
    inputOf(unit) {
      const before = recordOf(unit, kind, id);
      assertPreconditions(ctx, etagOf(unit, before.head));
      const input = updateInput(writerOf(ctx, service), unit, kind, before, body, isPatch);
      return { input, bytes: body.length + (input.before ? before.bytes : 0) };
    },
    revisionOf: (unit) => recordOf(unit, kind, id).revision,
    store: (unit, draft) => tagged(unit, putDraft(unit, kind, draft)),
  });
}

/** A record with its entity tag. */
function tagged(unit: UnitOfWork, record: Part): readonly [Part, string] {
  return [record, etagOf(unit, record.head)];
}

function writerOf(ctx: ApiContext, service: Service): Writer {
  return { now: service.now(), limits: bodyLimitsOf(ctx), run: ctx.state.grant };
}

/**
 * The integration that the record in the path belongs to.
 *
 * @throws RequestError 404 if there is no such record, 403 if a run asks for another integration's
 */
export async function ownerOf(ctx: ApiContext, service: Service, kind: RecordKind): Promise<string> {
  const id = ctx.params.id as string;
  const { grant } = ctx.state;
  const own = grant && (await unitOf(ctx, service, grant.integrationId));
  if (grant && own?.record(kind, id)) return grant.integrationId;
  const owner = await service.store.ownerOf(id);
  if (grant && owner !== undefined && owner !== grant.integrationId) throw requestError('access_restricted');
  if (owner === undefined || grant) throw noSuchRecord(kind);
  return owner;
}

/** The records that a list is made from: of one integration, if a run asks or the query names it, or all. */
async function* recordsFor(ctx: ApiContext, service: Service, kind: RecordKind): AsyncGenerator<Part> {
  const id = ctx.state.grant?.integrationId ?? queryOf(ctx, '_integrationId');
  if (id !== undefined) yield* (await unitOf(ctx, service, id)).records(kind).values();
  else for await (const document of service.store.documents()) yield* document[kind].values();
}

/** The first of those after a place, sorted: as many as any page shows, and one more. */
async function* oldest(
  records: AsyncIterable<Part>,
  isWanted: (record: Part) => boolean,
  after: SortKey | undefined,
): AsyncGenerator<Part> {
  const enough = LIMIT_MAX + 1;
  let kept: Part[] = [];
  const slice = new TimeSlice();
  for await (const record of records) {
    if (slice.isOver) await slice.next();
    if (!isWanted(record) || (after && compareSortKeys(sortKeyOf(record.head), after) <= 0)) continue;
    kept.push(record);
    if (kept.length >= 2 * enough) kept = kept.sort((a, b) => byAge(a.head, b.head)).slice(0, enough);
  }
  yield* kept.sort((a, b) => byAge(a.head, b.head));
}
