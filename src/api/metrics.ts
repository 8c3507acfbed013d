/** `/metrics`, for Prometheus. */
import Type from '#typebox';
import type { Route } from './route.ts';

export const metricRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/metrics',
    scope: 'read',
    runs: 'refused',
    tag: 'server',
    summary: 'Metrics for Prometheus',
    replies: { 200: { description: "Prometheus' text format.", schema: Type.String(), type: 'text/plain' } },
    async handle(ctx, { metrics }) {
      const { contentType, text } = await metrics.exposition();
      ctx.type = contentType;
      ctx.body = text;
    },
  },
];
