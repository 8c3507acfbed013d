/** `/metrics`, for Prometheus. */
import Type from '#typebox';
import { type Route, route } from './route.ts';

export const metricRoutes: readonly Route[] = [
  route.get('/metrics', {
    scope: 'server',
    tag: 'server',
    summary: 'Returns metrics for Prometheus',
    replies: { 200: { description: 'Prometheus text format.', schema: Type.String(), type: 'text/plain' } },
    async handle(ctx, { metrics }) {
      const { contentType, text } = await metrics.exposition();
      ctx.type = contentType;
      ctx.body = text;
    },
  }),
];
