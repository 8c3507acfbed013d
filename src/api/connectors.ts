/** `/connectors`: what can be installed, where it is installed, and moving that to a new version. */
import type { Router } from '@koa/router';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { ConnectorRow } from '../connector/catalog.ts';
import { type ErrorItem, RequestError, requestError } from '../errors.ts';
import type { Integration } from '../integration/integration.ts';
import { type Service, shown } from '../integration/service.ts';
import { update } from '../integration/update.ts';
import type { JsonObject } from '../json.ts';
import { assertValid } from '../schema.ts';
import { placeOf } from '../store/store.ts';
import { readObject } from './body.ts';
import { type ApiContext, assertAdministrator } from './context.ts';
import { replyList } from './paging.ts';

const updateBody = Compile(
  Type.Object({
    _integrationIds: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }),
  }),
);

export function connectorRoutes(router: Router, service: Service, publicUrl: () => string): void {
  const { catalog, store } = service;

  router.get('/connectors', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    await catalog.start();
    await replyList(ctx, {
      source: () => catalog.rows(),
      placeOf: ({ name, _id }) => [name, _id],
      show: (row) => withHold(row) as unknown as JsonObject,
      publicUrl: publicUrl(),
    });
  });

  router.get('/connectors/:id', async (context) => {
    context.body = await rowOf(context as ApiContext);
  });

  router.get('/connectors/:id/installBase', async (context) => {
    const ctx = context as ApiContext;
    const { _id } = await rowOf(ctx);
    await replyList(ctx, {
      source: (after) => store.documents(after),
      placeOf: ({ integration }) => placeOf(integration),
      matches: ({ integration }) => integration._connectorId === _id,
      show: ({ integration }) => installBaseRow(shown(service, integration as Integration)),
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
    if (!connector) throw requestError('connector_unavailable');
    const failures = await update(service, connector, ids);
    if (failures.length > 0) {
      const errors = failures.flatMap(({ integrationId, error }) =>
        error.errors.map((item): ErrorItem => ({ ...item, field: `_integrationIds.${ids.indexOf(integrationId)}` })),
      );
      const [first] = failures;
      throw new RequestError(first?.error.status ?? 422, errors, first?.error.headers);
    }
    ctx.body = { _integrationIds: ids };
  });

  async function rowOf(ctx: ApiContext): Promise<ConnectorRow> {
    assertAdministrator(ctx);
    await catalog.start();
    const row = catalog.row(ctx.params.id as string);
    if (!row) throw requestError('not_found', { message: 'There is no such connector.' });
    return withHold(row);
  }

  /** A connector that serves may be held back for what it does. */
  function withHold(row: ConnectorRow): ConnectorRow {
    if (row.status !== 'ready' || !service.dispatcher.sandbox.isHeld(row._id)) return row;
    const message = 'The connector keeps bringing its compartment down; a run that succeeds ends the pauses.';
    return { ...row, status: 'held', errors: [...(row.errors ?? []), { code: 'overloaded', message }] };
  }
}

function installBaseRow({ _id, name, version, updateInProgress = false }: Integration): JsonObject {
  return { _integrationId: _id, name, version: version ?? null, updateInProgress };
}
