/** `/connections`, `/exports`, `/imports`, `/flows`: one set of routes for every kind of record (contract 8). */
import type { Router } from '@koa/router';
import { fieldErrors, requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { assertPatch, patched } from '../record/json-patch.ts';
import type { RecordWriter } from '../record/records.ts';
import { createRecord, recordOf, removeRecord, replaceRecord, shownRecord } from '../record/records.ts';
import { isObjectId } from '../store/object-id.ts';
import {
  byAge,
  comparePlaces,
  type Place,
  placeOf,
  type RecordKind,
  recordKinds,
  type Stored,
} from '../store/store.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { readJson, readObject } from './body.ts';
import { type ApiContext, change, etagOf, replyRecord, unitOf } from './context.ts';
import type { Idempotency } from './idempotency.ts';
import { filters, filtersOf, LIMIT_MAX, projectionOf, queryOf, replyList } from './paging.ts';
import { assertPreconditions } from './preconditions.ts';

export const RecordFilters = filters('_integrationId', '_connectorId', 'type', 'name', 'externalId');

export function recordRoutes(
  router: Router,
  service: Service,
  idempotency: Idempotency,
  publicUrl: () => string,
): void {
  for (const kind of recordKinds) {
    router.get(`/${kind}`, async (context) => {
      const ctx = context as ApiContext;
      const isWanted = filtersOf(ctx, RecordFilters);
      await replyList(ctx, {
        source: (after) => oldest(recordsFor(ctx, service, kind), isWanted, after),
        placeOf,
        filters: RecordFilters,
        show: (record) => shownRecord(kind, record),
        publicUrl: publicUrl(),
      });
    });

    router.post(`/${kind}`, async (context) => {
      const ctx = context as ApiContext;
      const { text, value } = await readObject(ctx);
      await idempotency.once(ctx, { kind, status: 201 }, text, async (id) => {
        const writer = { ...writerOf(ctx, service), ids: () => id };
        const [record, etag] = await change(ctx, service, integrationIdOf(ctx, value), (unit) => {
          if (!unit.integration) throw noIntegration();
          return tagged(unit, kind, createRecord(writer, unit, kind, value));
        });
        replyRecord(ctx, record, etag);
        ctx.status = 201;
      });
    });

    router.get(`/${kind}/:id`, async (context) => {
      const ctx = context as ApiContext;
      const unit = await unitOf(ctx, service, await ownerOf(ctx, service, kind));
      const [record, etag] = tagged(unit, kind, recordOf(unit, kind, ctx.params.id as string));
      replyRecord(ctx, projectionOf(ctx)(record), etag);
    });

    router.put(`/${kind}/:id`, async (context) => {
      const ctx = context as ApiContext;
      const { value } = await readObject(ctx);
      const [record, etag] = await replaced(ctx, service, kind, () => value);
      replyRecord(ctx, record, etag);
    });

    router.patch(`/${kind}/:id`, async (context) => {
      const ctx = context as ApiContext;
      if (ctx.request.is('application/merge-patch+json')) {
        ctx.set('Accept-Patch', 'application/json-patch+json');
        throw requestError('unsupported_media_type', { message: 'The body must be a JSON Patch (RFC 6902).' });
      }
      const patch = assertPatch((await readJson(ctx))?.value);
      await replaced(ctx, service, kind, (record) => patched(record, patch));
      ctx.status = 204;
    });

    router.delete(`/${kind}/:id`, async (context) => {
      const ctx = context as ApiContext;
      const id = ctx.params.id as string;
      await change(ctx, service, await ownerOf(ctx, service, kind), (unit) => {
        assertPreconditions(ctx, etagOf(unit, recordOf(unit, kind, id)));
        removeRecord(writerOf(ctx, service), unit, kind, id);
      });
      ctx.status = 204;
    });
  }
}

function replaced(
  ctx: ApiContext,
  service: Service,
  kind: RecordKind,
  bodyOf: (shown: JsonObject) => JsonObject,
): Promise<readonly [Stored, string]> {
  const id = ctx.params.id as string;
  return ownerOf(ctx, service, kind).then((integrationId) =>
    change(ctx, service, integrationId, (unit) => {
      const current = recordOf(unit, kind, id);
      assertPreconditions(ctx, etagOf(unit, current));
      const body = bodyOf(shownRecord(kind, current));
      return tagged(unit, kind, replaceRecord(writerOf(ctx, service), unit, kind, id, body));
    }),
  );
}

/** The record as it is shown, with its entity tag. */
function tagged(unit: UnitOfWork, kind: RecordKind, record: Stored): readonly [Stored, string] {
  return [shownRecord(kind, record), etagOf(unit, record)];
}

function writerOf(ctx: ApiContext, service: Service): RecordWriter {
  const { keyring, references, now, dispatcher } = service;
  return { keyring, references, now, ids: dispatcher.ids, connectorId: ctx.state.grant?.connectorId };
}

/** The integration that a new record is to belong to: a run's own, or the one that the body names. */
function integrationIdOf({ state: { grant } }: ApiContext, body: JsonObject): string {
  const { _integrationId = grant?.integrationId } = body;
  if (_integrationId === undefined) {
    throw fieldErrors([{ code: 'missing_required_field', field: '_integrationId' }]);
  }
  if (typeof _integrationId !== 'string' || !isObjectId(_integrationId)) throw noIntegration();
  if (grant && _integrationId !== grant.integrationId) throw requestError('access_restricted');
  return _integrationId;
}

const noIntegration = (): Error =>
  requestError('invalid_ref', { field: '_integrationId', message: '_integrationId names no integration of yours' });

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
  if (owner === undefined || grant)
    throw requestError('not_found', { message: `There is no such record among the ${kind}.` });
  return owner;
}

/** The records that a list is made from: of one integration, if a run asks or the query names it, or all. */
async function* recordsFor(ctx: ApiContext, service: Service, kind: RecordKind): AsyncGenerator<Stored> {
  const id = ctx.state.grant?.integrationId ?? queryOf(ctx, '_integrationId');
  if (id !== undefined) yield* (await unitOf(ctx, service, id)).records(kind);
  else for await (const document of service.store.documents()) yield* Object.values(document[kind]);
}

/** The first of those after a place, sorted: as many as any page shows, and one more. */
async function* oldest(
  records: AsyncIterable<Stored>,
  isWanted: (record: Stored) => boolean,
  after: Place | undefined,
): AsyncGenerator<Stored> {
  const enough = LIMIT_MAX + 1;
  let kept: Stored[] = [];
  for await (const record of records) {
    if (!isWanted(record) || (after && comparePlaces(placeOf(record), after) <= 0)) continue;
    kept.push(record);
    if (kept.length >= 2 * enough) kept = kept.sort(byAge).slice(0, enough);
  }
  yield* kept.sort(byAge);
}
