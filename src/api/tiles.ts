/** `/tiles`: a row per integration, for a dashboard (contract 4). */
import type { Job } from '../flow/job.ts';
import type { Integration } from '../integration/integration.ts';
import { newerVersion } from '../integration/newer-version.ts';
import { publicIntegration, type Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import type { RunRecord } from '../run/run.ts';
import type { Document } from '../store/document.ts';
import { perRecordKind, type SortKey, sortKeyOf } from '../store/stored.ts';
import { type ApiContext, unitOf } from './context.ts';
import { asText, filters, replyList } from './paging.ts';
import { queryOf } from './query.ts';
import { documentsInReach, reachOf } from './reach.ts';
import { listOf, listQuery } from './replies.ts';
import { type Api, type Route, route } from './route.ts';
import { Tile } from './schemas.ts';

/** Rows whose last runs are read together. More would block the event loop if runs have long logs. */
const ROWS_AT_ONCE = 16;

export const tileRoutes: readonly Route[] = [
  route.get('/tiles', {
    scope: 'read',
    runs: 'own',
    tag: 'server',
    summary: 'Lists one row per integration, for dashboards',
    query: [...listQuery, filters('_integrationId')],
    replies: listOf(Tile, 'A page of tiles.'),
    async handle(ctx, api) {
      const { service, publicUrl } = api;
      const chosen = await chosenIn(ctx, service);
      await replyList(ctx, {
        source: (after, count) => tilesOf(api, chosen ?? documentsInReach(ctx, service, after, count), count),
        sortKeyOf: ({ sortKey }) => sortKey,
        show: ({ tile }, projection) => asText(tile, projection),
        publicUrl: publicUrl(),
      });
    },
  }),
];

/** The document of the run's integration, or of the one in the query. Undefined to list all. */
async function chosenIn(ctx: ApiContext, service: Service): Promise<Document[] | undefined> {
  const { grant } = ctx.state;
  if (grant) await unitOf(ctx, service, grant.integrationId);
  const requested = queryOf(ctx, '_integrationId');
  const id = grant?.integrationId ?? requested;
  if (id === undefined) return undefined;
  if (reachOf(ctx)?.has(id) === false) return [];
  const document = requested === undefined || requested === id ? await service.store.get(id) : undefined;
  return document ? [document] : [];
}

interface Row {
  readonly sortKey: SortKey;
  readonly tile: JsonObject;
}

/** @param count estimate of how many will be read */
async function* tilesOf(
  api: Sources,
  documents: AsyncIterable<Document> | Iterable<Document>,
  count: number,
): AsyncGenerator<Row> {
  let rows: Row[] = [];
  let number = 0;
  for await (const document of documents) {
    // Keep no reference to the document, which may be large.
    rows.push({ sortKey: sortKeyOf(document.integration.head), tile: tileOf(api.service, document) });
    if (++number !== count && rows.length < ROWS_AT_ONCE) continue;
    yield* await withLatest(api, rows);
    rows = [];
  }
  yield* await withLatest(api, rows);
}

type Sources = Pick<Api, 'service' | 'jobs'>;

/** With the last run and the last job. */
const withLatest = ({ service: { dispatcher }, jobs }: Sources, rows: readonly Row[]): Promise<Row[]> =>
  Promise.all(
    rows.map(async ({ sortKey, tile }) => {
      const id = String(tile._integrationId);
      const lastRun = lastRunOf(await dispatcher.runs.latestOf(id));
      const hasFlows = (tile.records as JsonObject).flows !== 0;
      const [job] = hasFlows ? await jobs.store.list({ before: undefined, limit: 1, integrationIds: [id] }) : [];
      return { sortKey, tile: { ...tile, lastRun, lastJob: lastJobOf(job as Job | undefined) } };
    }),
  );

function lastJobOf(job: Job | undefined): JsonObject | null {
  if (!job) return null;
  const { _id, _flowId, status, createdAt, endedAt, numSuccess, numError, numIgnore, numOpenError } = job;
  const counts = { numSuccess, numError, numIgnore, numOpenError };
  return { _id, _flowId, status, createdAt, ...(endedAt === undefined ? {} : { endedAt }), ...counts };
}

const lastRunOf = (run: RunRecord | undefined): JsonObject | null =>
  run
    ? { _id: run._id, section: run.section, function: run.function, startedAt: run.startedAt, outcome: run.outcome }
    : null;

/** Without its last run and job. */
function tileOf(service: Service, document: Document): JsonObject {
  const integration = publicIntegration(service, document.integration.head as Integration);
  const { _id, _connectorId, name, tag, mode, version, install = [], uninstall = [], updateInProgress } = integration;
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
    offlineConnections: service.reachability.offlineIn(document),
  };
}

/** The image in the listing, for a connector that is not in use. */
function refusedImage({ catalog }: Service, connectorId: string | undefined): string | undefined {
  return connectorId === undefined ? undefined : catalog.row(connectorId)?.imageURL;
}
