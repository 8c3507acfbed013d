/** `/metrics`, for Prometheus: with the administrator's token. */
import type { Router } from '@koa/router';
import type { Metrics } from '../metrics/metrics.ts';
import { type ApiContext, assertAdministrator } from './context.ts';

export function metricRoutes(router: Router, metrics: Metrics): void {
  router.get('/metrics', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const { contentType, text } = await metrics.exposition();
    ctx.type = contentType;
    ctx.body = text;
  });
}
