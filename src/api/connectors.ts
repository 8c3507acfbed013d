/** `/connectors`: what can be installed, where it is installed, and moving that to a new version. */
import type { Router } from '@koa/router';
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
import { assertValid } from '../schema.ts';
import { shortList } from '../shorten.ts';
import { asStoreError } from '../store/files.ts';
import { sortKeyOf } from '../store/store.ts';
import { assertCoding, readBytes, readObject } from './body.ts';
import { type ApiContext, assertAdministrator, flag, replyJson } from './context.ts';
import { asText, replyList } from './paging.ts';
import { isKnown } from './preconditions.ts';

export const UpdateBody = Type.Object({
  _integrationIds: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
});
const updateBody = Compile(UpdateBody);

export const ApproveBody = Type.Object({ digest: Type.String({ minLength: 1, maxLength: 200 }) });
const approveBody = Compile(ApproveBody);

export const TARBALL_TYPES = ['application/gzip', 'application/x-gzip', 'application/octet-stream'];
/** Integrations that are named in a sentence. */
const NAMED = 10;

export function connectorRoutes(router: Router, service: Service, publicUrl: () => string): void {
  const { catalog, store, bundleUploads } = service;

  router.get('/connectors', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    await catalog.start();
    await replyList(ctx, {
      source: () => catalog.rows(),
      sortKeyOf: ({ name, _id }) => [name, _id],
      show: (row, projection) => asText(withHold(row) as unknown as JsonObject, projection),
      publicUrl: publicUrl(),
    });
  });

  router.put('/connectors', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    if (!ctx.request.is(TARBALL_TYPES)) {
      throw requestError('unsupported_media_type', { message: `The body must be ${TARBALL_TYPES[0]}.` });
    }
    assertCoding(ctx, ['identity']);
    const { row, isNew } = await service.activity.during(() => bundleUploads.put(() => readBytes(ctx, TARBALL_BYTES)));
    ctx.status = isNew ? 201 : 200;
    ctx.set('Location', `${publicUrl()}/v1/connectors/${row._id}`);
    replyJson(ctx, withHold(row));
  });

  router.delete('/connectors/:id', async (context) => {
    const ctx = context as ApiContext;
    const { _id } = await rowOf(ctx);
    if (!bundleUploads.has(_id)) throw requestError('not_uploaded');
    if (!flag(ctx, 'force')) await assertUnused(_id);
    await service.activity.during(() => bundleUploads.remove(_id));
    ctx.status = 204;
  });

  router.post('/connectors/:id/approve', async (context) => {
    const ctx = context as ApiContext;
    const { _id } = await rowOf(ctx);
    const { value } = await readObject(ctx);
    assertValid(approveBody, value);
    const approval = await service.activity.during(() =>
      catalog.approve(_id, value.digest as string).catch((error) => {
        throw asStoreError(error);
      }),
    );
    if (approval === 'changed') {
      throw requestError('conflict', { message: 'What waits to be approved is not what this digest names.' });
    }
    replyJson(ctx, await rowOf(ctx));
  });

  router.get('/connectors/:id', async (context) => {
    replyJson(context, await rowOf(context as ApiContext));
  });

  router.get('/connectors/:id/image', async (context) => {
    const ctx = context as ApiContext;
    const image = catalog.imageOf((await rowOf(ctx))._id);
    if (!image) throw requestError('not_found', { message: 'The connector has no image of its own.' });
    // An SVG may hold scripts: nothing in it runs, wherever it is opened.
    ctx.set({
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'Cache-Control': 'private, no-cache',
      ETag: image.etag,
    });
    ctx.status = 200;
    ctx.type = image.type;
    ctx.body = image.bytes;
    if (isKnown(ctx, image.etag)) ctx.status = 304;
  });

  router.get('/connectors/:id/installBase', async (context) => {
    const ctx = context as ApiContext;
    const { _id } = await rowOf(ctx);
    await replyList(ctx, {
      source: (after) => store.documents(after),
      sortKeyOf: ({ integration }) => sortKeyOf(integration.head),
      matches: ({ integration }) => integration.head._connectorId === _id,
      show: ({ integration: { head } }, projection) =>
        asText(installBaseRow(publicIntegration(service, head as Integration), catalog.get(_id)), projection),
      publicUrl: publicUrl(),
    });
  });

  router.put('/connectors/:id/update', async (context) => {
    const ctx = context as ApiContext;
    const { _id } = await rowOf(ctx);
    const { value } = await readObject(ctx);
    assertValid(updateBody, value);
    const { _integrationIds: ids } = value as { _integrationIds: string[] };
    if (new Set(ids).size !== ids.length) {
      throw requestError('invalid_field', { field: '_integrationIds', message: '_integrationIds names one twice' });
    }
    const connector = await catalog.find(_id);
    if (!connector) throw unavailableError(service, _id);
    const failures = await update(service, connector, ids, ctx.state.trace);
    if (failures.length > 0) {
      const errors = failures.flatMap(({ integrationId, error }) =>
        error.errors.map((item): ErrorItem => ({ ...item, field: `_integrationIds.${ids.indexOf(integrationId)}` })),
      );
      const [first] = failures;
      throw new RequestError(first?.error.status ?? 422, errors, first?.error.headers);
    }
    replyJson(ctx, { _integrationIds: ids });
  });

  async function rowOf(ctx: ApiContext): Promise<ConnectorRow> {
    assertAdministrator(ctx);
    await catalog.start();
    const row = catalog.row(ctx.params.id as string);
    if (!row) throw requestError('not_found', { message: 'There is no such connector.' });
    return withHold(row);
  }

  async function assertUnused(connectorId: string): Promise<void> {
    const users: string[] = [];
    for await (const { integration } of store.documents()) {
      if (integration.head._connectorId === connectorId) users.push(integration.head._id);
    }
    if (users.length === 0) return;
    throw requestError('has_dependencies', { message: `Integrations still use it: ${shortList(users, NAMED)}` });
  }

  /** A connector that serves may be held back for what it does. */
  function withHold(row: ConnectorRow): ConnectorRow {
    if (row.status !== 'ready' || !service.dispatcher.sandbox.isCircuitOpen(row._id)) return row;
    const message = 'The connector keeps bringing its compartment down; a run that succeeds ends the pauses.';
    return { ...row, status: 'held', errors: [...(row.errors ?? []), { code: 'overloaded', message }] };
  }
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
