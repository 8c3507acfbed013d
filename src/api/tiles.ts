/** `/tiles`: a row per integration, for a dashboard (contract 4). */
import type { Integration } from '../integration/integration.ts';
import { newerVersion } from '../integration/newer-version.ts';
import { publicIntegration, type Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import type { Document } from '../store/document.ts';
import { perRecordKind, sortKeyOf } from '../store/stored.ts';
import { unitOf } from './context.ts';
import { asText, replyList } from './paging.ts';
import { listOf, listQuery } from './replies.ts';
import { type Route, route } from './route.ts';
import { Tile } from './schemas.ts';

export const tileRoutes: readonly Route[] = [
  route.get('/tiles', {
    scope: 'read',
    runs: 'own',
    tag: 'server',
    summary: 'Lists one row per integration, for dashboards',
    query: listQuery,
    replies: listOf(Tile, 'A page of tiles.'),
    async handle(ctx, { service, publicUrl }) {
      const { grant } = ctx.state;
      if (grant) await unitOf(ctx, service, grant.integrationId);
      const own = grant && (await service.store.get(grant.integrationId));
      await replyList(ctx, {
        source: (after) => (grant ? (own ? [own] : []) : service.store.documents(after)),
        sortKeyOf: ({ integration }) => sortKeyOf(integration.head),
        show: async (document, projection) => asText(await tileOf(service, document), projection),
        publicUrl: publicUrl(),
      });
    },
  }),
];

async function tileOf(service: Service, document: Document): Promise<JsonObject> {
  const integration = publicIntegration(service, document.integration.head as Integration);
  const { _id, _connectorId, name, tag, mode, version, install = [], uninstall = [], updateInProgress } = integration;
  const last = await service.dispatcher.runs.latestOf(_id);
  const steps = mode === 'uninstall' ? uninstall : install;
  const connector = _connectorId === undefined ? undefined : service.catalog.get(_connectorId);
  const newer = newerVersion(integration, connector);
  const imageURL = connector ? connector.manifest.connector.imageURL : refusedImage(service, _connectorId);
  return {
    _integrationId: _id,
    ...(_connectorId === undefined ? {} : { _connectorId }),
    name,
    ...(tag === undefined ? {} : { tag }),
    ...(mode === undefined ? {} : { mode }),
    ...(version === undefined ? {} : { version }),
    ...(newer === undefined ? {} : { update: { version: newer } }),
    ...(imageURL === undefined ? {} : { imageURL }),
    ...(updateInProgress === true ? { updateInProgress } : {}),
    steps: { total: steps.length, completed: steps.filter(({ completed }) => completed === true).length },
    records: perRecordKind((kind) => document[kind].size),
    lastRun: last
      ? {
          _id: last._id,
          section: last.section,
          function: last.function,
          startedAt: last.startedAt,
          outcome: last.outcome,
        }
      : null,
    offlineConnections: service.reachability.offlineIn(document),
  };
}

/** The image in the listing, for a connector that is not in use. */
function refusedImage({ catalog }: Service, connectorId: string | undefined): string | undefined {
  return connectorId === undefined ? undefined : catalog.row(connectorId)?.imageURL;
}
