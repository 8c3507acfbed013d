/** `/connectors`: what can be installed, where it is installed, and moving that to a new version. */
import type { Router } from '@koa/router';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type ErrorItem, RequestError, requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import { update } from '../integration/update.ts';
import { assertValid } from '../schema.ts';
import { readObject } from './body.ts';
import { type ApiContext, assertAdministrator } from './context.ts';

const updateBody = Compile(
  Type.Object({
    _integrationIds: Type.Array(Type.String(), { minItems: 1, maxItems: 1000, uniqueItems: true }),
  }),
);

export function connectorRoutes(router: Router, service: Service, scanned: () => Promise<void>): void {
  const { catalog, store } = service;

  router.get('/connectors', async (context) => {
    assertAdministrator(context as ApiContext);
    await scanned();
    context.body = catalog.rows();
  });

  router.get('/connectors/:id', async (context) => {
    context.body = await rowOf(context as ApiContext);
  });

  router.get('/connectors/:id/installBase', async (context) => {
    const { _id } = await rowOf(context as ApiContext);
    const installed = (await store.list()).filter(({ _connectorId }) => _connectorId === _id);
    context.body = installed.map(({ _id: _integrationId, name, version, updateInProgress }) => ({
      _integrationId,
      name,
      version,
      updateInProgress: updateInProgress ?? false,
    }));
  });

  router.put('/connectors/:id/update', async (context) => {
    const ctx = context as ApiContext;
    const { _id } = await rowOf(ctx);
    const { value } = await readObject(ctx);
    assertValid(updateBody, value);
    const { _integrationIds: ids } = value as { _integrationIds: string[] };
    const connector = catalog.get(_id);
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

  async function rowOf(ctx: ApiContext): Promise<ReturnType<typeof catalog.row> & {}> {
    assertAdministrator(ctx);
    await scanned();
    const row = catalog.row(ctx.params.id as string);
    if (!row) throw requestError('not_found', { message: 'There is no such connector.' });
    return row;
  }
}
