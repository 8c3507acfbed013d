/** `/connectors`: connectors, their integrations, and updates (contract 4). */
import Type, { Compile } from '#typebox';
import type { Connector } from '../connector/bundle.ts';
import type { ConnectorRow } from '../connector/registry-entry.ts';
import { TARBALL_BYTES } from '../connector/tarball.ts';
import { type ErrorItem, RequestError, requestError } from '../errors.ts';
import type { Integration } from '../integration/integration.ts';
import { newerVersion } from '../integration/newer-version.ts';
import { publicIntegration, type Service, unavailableError } from '../integration/service.ts';
import { update } from '../integration/update.ts';
import type { JsonObject } from '../json.ts';
import { shortList } from '../shorten.ts';
import type { AuditedEvent } from '../store/audit.ts';
import { asStoreError } from '../store/files.ts';
import { sortKeyOf } from '../store/store.ts';
import { assertFileType, readBytes, readObject } from './body.ts';
import { type ApiContext, callerOf, flag, replyJson } from './context.ts';
import { asText, replyList } from './paging.ts';
import { connectorsInReach, documentsInReach } from './reach.ts';
import { bodyErrors, listOf, listQuery, noContent, runErrors } from './replies.ts';
import { type Route, route } from './route.ts';
import { flags, InstallBaseRow, Connector as Row } from './schemas.ts';

const UpdateBody = Type.Object({
  _integrationIds: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
});
const ApproveBody = Type.Object({ digest: Type.String({ minLength: 1, maxLength: 200 }) });
/** Integrations listed in an error message. */
const LISTED_MAX = 10;

export const connectorRoutes: readonly Route[] = [
  route.get('/connectors', {
    scope: 'read',
    tag: 'connectors',
    summary: 'Lists connectors, including invalid ones with their errors',
    query: listQuery,
    replies: listOf(Row, 'A page of connectors, by name.'),
    async handle(ctx, { service, publicUrl }) {
      await service.catalog.start();
      const reach = await connectorsInReach(ctx, service);
      await replyList(ctx, {
        source: () => service.catalog.rows(),
        matches: ({ _id }) => reach?.has(_id) !== false,
        sortKeyOf: ({ name, _id }) => [name, _id],
        show: (row, projection) => asText(withCircuit(service, row) as unknown as JsonObject, projection),
        publicUrl: publicUrl(),
      });
    },
  }),
  route.put('/connectors', {
    scope: 'full',
    tag: 'connectors',
    summary: 'Uploads a bundle as an npm-style tarball',
    description: 'The bundle is checked and test-loaded first. A bundle that fails changes nothing.',
    body: {
      schema: Type.Unknown(),
      types: ['application/gzip', 'application/x-gzip', 'application/octet-stream'],
      limitBytes: TARBALL_BYTES,
      isRequired: true,
    },
    replies: {
      200: { description: 'Replaced an earlier upload.', schema: Row, headers: ['Location'] },
      201: { description: 'Added a connector.', schema: Row, headers: ['Location'] },
    },
    errors: [...bodyErrors, 'overloaded'],
    // Errors in a bundle have their own codes.
    passesOn: 'errors',
    async handle(ctx, { service, audit, publicUrl }) {
      assertFileType(ctx);
      const { row, isNew } = await service.activity.during(() => service.bundleUploads.put(() => readBytes(ctx)));
      await audit.record(callerOf(ctx), auditedConnector('upload', row));
      ctx.status = isNew ? 201 : 200;
      ctx.set('Location', `${publicUrl()}/v1/connectors/${row._id}`);
      replyJson(ctx, withCircuit(service, row));
    },
  }),
  route.get('/connectors/{_id}', {
    scope: 'read',
    tag: 'connectors',
    summary: 'Reads a connector',
    replies: { 200: { description: 'The connector.', schema: Row } },
    errors: ['not_found'],
    async handle(ctx, { service }) {
      replyJson(ctx, await existingRow(ctx, service));
    },
  }),
  route.delete('/connectors/{_id}', {
    scope: 'full',
    tag: 'connectors',
    summary: 'Removes an uploaded bundle',
    query: [flags(['force', 'Removes it even if integrations use it.'])],
    replies: { 204: noContent },
    errors: ['not_found', 'not_uploaded', 'has_dependencies'],
    async handle(ctx, { service, audit }) {
      const row = await existingRow(ctx, service);
      const { _id } = row;
      if (!service.bundleUploads.has(_id)) throw requestError('not_uploaded');
      if (!flag(ctx, 'force')) await assertUnused(service, _id);
      await service.activity.during(() => service.bundleUploads.remove(_id));
      await audit.record(callerOf(ctx), auditedConnector('delete', row));
      ctx.status = 204;
    },
  }),
  route.post('/connectors/{_id}/approve', {
    scope: 'full',
    tag: 'connectors',
    summary: 'Approves a version that asks for more permissions',
    body: { schema: ApproveBody, validator: Compile(ApproveBody), isRequired: true },
    replies: { 200: { description: 'The connector.', schema: Row } },
    errors: [...bodyErrors, 'not_found', 'conflict'],
    async handle(ctx, { service, audit }) {
      const row = await existingRow(ctx, service);
      const { _id } = row;
      const { value } = await readObject(ctx);
      const approval = await service.activity.during(() =>
        service.catalog.approve(_id, value.digest as string).catch((error) => {
          throw asStoreError(error);
        }),
      );
      if (approval === 'changed') {
        throw requestError('conflict', { message: 'No version with this digest is waiting for approval.' });
      }
      await audit.record(callerOf(ctx), auditedConnector('approve', row));
      replyJson(ctx, await existingRow(ctx, service));
    },
  }),
  route.get('/connectors/{_id}/installBase', {
    scope: 'read',
    tag: 'connectors',
    summary: 'Lists the integrations of a connector',
    query: listQuery,
    replies: listOf(InstallBaseRow, 'A page of rows.'),
    errors: ['not_found'],
    async handle(ctx, { service, publicUrl }) {
      const { _id } = await existingRow(ctx, service);
      await replyList(ctx, {
        source: (after, count) => documentsInReach(ctx, service, after, count),
        sortKeyOf: ({ integration }) => sortKeyOf(integration.head),
        matches: ({ integration }) => integration.head._connectorId === _id,
        show: ({ integration: { head } }, projection) =>
          asText(installBaseRow(publicIntegration(service, head as Integration), service.catalog.get(_id)), projection),
        publicUrl: publicUrl(),
      });
    },
  }),
  route.put('/connectors/{_id}/update', {
    scope: 'full',
    tag: 'connectors',
    summary: "Updates integrations to the connector's current version",
    description:
      'Each integration is either updated or left unchanged. Errors refer to the index of the integration that failed.',
    body: { schema: UpdateBody, validator: Compile(UpdateBody) },
    replies: { 200: { description: 'All were updated.', schema: UpdateBody } },
    errors: [...bodyErrors, ...runErrors, 'not_found', 'update_in_progress'],
    passesOn: 'errors',
    async handle(ctx, { service }) {
      const { _id } = await existingRow(ctx, service);
      const { value } = await readObject(ctx);
      const { _integrationIds: ids } = value as { _integrationIds: string[] };
      if (new Set(ids).size !== ids.length) {
        throw requestError('invalid_field', { field: '_integrationIds', message: '_integrationIds has duplicates' });
      }
      const connector = await service.catalog.find(_id);
      if (!connector) throw unavailableError(service, _id);
      const failures = await update(service, connector, ids, { trace: ctx.state.trace, by: callerOf(ctx) });
      if (failures.length > 0) {
        const errors = failures.flatMap(({ integrationId, error }) =>
          error.errors.map((item): ErrorItem => ({ ...item, field: `_integrationIds.${ids.indexOf(integrationId)}` })),
        );
        const [first] = failures;
        throw new RequestError(first?.error.status ?? 422, errors, first?.error.headers);
      }
      replyJson(ctx, { _integrationIds: ids });
    },
  }),
];

/** The connector in the path. @throws RequestError `not_found` */
export async function existingRow(ctx: ApiContext, service: Service): Promise<ConnectorRow> {
  await service.catalog.start();
  const row = service.catalog.row(ctx.params._id as string);
  const reach = await connectorsInReach(ctx, service);
  if (!row || reach?.has(row._id) === false)
    throw requestError('not_found', { message: 'There is no such connector.' });
  return withCircuit(service, row);
}

const auditedConnector = (event: 'upload' | 'delete' | 'approve', { _id, name }: ConnectorRow): AuditedEvent => ({
  event,
  resourceType: 'connector',
  _resourceId: _id,
  name,
});

async function assertUnused(service: Service, connectorId: string): Promise<void> {
  const users: string[] = [];
  for await (const { integration } of service.store.documents()) {
    if (integration.head._connectorId === connectorId) users.push(integration.head._id);
  }
  if (users.length === 0) return;
  throw requestError('has_dependencies', { message: `Integrations still use it: ${shortList(users, LISTED_MAX)}` });
}

/** Shows a ready connector as held while its circuit is open. */
function withCircuit(service: Service, row: ConnectorRow): ConnectorRow {
  if (row.status !== 'ready' || !service.dispatcher.sandbox.isCircuitOpen(row._id)) return row;
  const message = 'The connector keeps crashing its compartment, so calls have to pause. A successful run ends that.';
  return { ...row, status: 'held', errors: [...(row.errors ?? []), { code: 'overloaded', message }] };
}

function installBaseRow(integration: Integration, connector: Connector | undefined): JsonObject {
  const { _id, name, version, updateInProgress = false } = integration;
  const newer = newerVersion(integration, connector);
  return {
    _integrationId: _id,
    name,
    version: version ?? null,
    updateInProgress,
    ...(newer === undefined ? {} : { update: { version: newer } }),
  };
}
