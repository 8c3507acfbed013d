/** `/tiles`: one row per integration, for a dashboard (contract 4). */
import type { Router } from '@koa/router';
import type { Integration } from '../integration/integration.ts';
import { type Service, shown } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { type Document, placeOf, recordKinds } from '../store/store.ts';
import { type ApiContext, unitOf } from './context.ts';
import { replyList } from './paging.ts';

export function tileRoutes(router: Router, service: Service, publicUrl: () => string): void {
  router.get('/tiles', async (context) => {
    const ctx = context as ApiContext;
    const { grant } = ctx.state;
    if (grant) await unitOf(ctx, service, grant.integrationId);
    const own = grant && (await service.store.get(grant.integrationId));
    await replyList(ctx, {
      source: (after) => (grant ? (own ? [own] : []) : service.store.documents(after)),
      placeOf: ({ integration }) => placeOf(integration),
      show: (document) => tileOf(service, document),
      publicUrl: publicUrl(),
    });
  });
}

function tileOf(service: Service, document: Document): JsonObject {
  const {
    _id,
    _connectorId,
    name,
    tag,
    mode,
    install = [],
    uninstall = [],
    updateInProgress,
  } = shown(service, document.integration as Integration);
  const last = service.dispatcher.runs.latestOf(_id);
  const steps = mode === 'uninstall' ? uninstall : install;
  const imageURL = _connectorId === undefined ? undefined : service.catalog.row(_connectorId)?.imageURL;
  return {
    _integrationId: _id,
    ...(_connectorId === undefined ? {} : { _connectorId }),
    name,
    ...(tag === undefined ? {} : { tag }),
    ...(mode === undefined ? {} : { mode }),
    ...(imageURL === undefined ? {} : { imageURL }),
    ...(updateInProgress === true ? { updateInProgress } : {}),
    steps: { total: steps.length, completed: steps.filter(({ completed }) => completed === true).length },
    records: Object.fromEntries(recordKinds.map((kind) => [kind, Object.keys(document[kind]).length])),
    lastRun: last
      ? {
          _id: last._id,
          section: last.section,
          function: last.function,
          startedAt: last.startedAt,
          outcome: last.outcome,
        }
      : null,
    offlineConnections: service.offline.of(document),
  };
}
