/** `/tiles`: one row per integration, for a dashboard (contract 4). */
import type { Router } from '@koa/router';
import type { Integration } from '../integration/integration.ts';
import { type Service, shown } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import type { RunRecord } from '../run/run.ts';
import { byAge, type Document, recordKinds } from '../store/store.ts';
import { type ApiContext, unitOf } from './context.ts';
import { replyList } from './paging.ts';

export function tileRoutes(router: Router, service: Service, publicUrl: () => string): void {
  router.get('/tiles', async (context) => {
    const ctx = context as ApiContext;
    const { grant } = ctx.state;
    if (grant) await unitOf(ctx, service, grant.integrationId);
    const documents = (await service.store.documents())
      .filter(({ integration }) => !grant || integration._id === grant.integrationId)
      .sort((a, b) => byAge(a.integration, b.integration));
    const latest = service.dispatcher.runs.latest();
    const rows = documents.map((document) => tileOf(service, document, latest.get(document.integration._id)));
    const places = new Map(documents.map(({ integration }) => [integration._id, integration.createdAt]));
    replyList(ctx, rows, publicUrl(), ({ _integrationId }) => [
      places.get(String(_integrationId)) ?? '',
      String(_integrationId),
    ]);
  });
}

function tileOf(service: Service, document: Document, last: RunRecord | undefined): JsonObject {
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
