/** `/healthz` and `/readyz`. */
import { type ApiContext, replyJson } from './context.ts';
import { type Health, type Route, route } from './route.ts';
import { Health as HealthReply } from './schemas.ts';

export const healthRoutes: readonly Route[] = [
  route.get('/healthz', {
    scope: 'none',
    runs: 'own',
    tag: 'server',
    summary: 'Checks that the server is up',
    replies: { 200: { description: 'The server is up.', schema: HealthReply } },
    handle: (ctx) => reply(ctx, { isReady: true, reasons: [] }),
  }),
  route.get('/readyz', {
    scope: 'none',
    runs: 'own',
    tag: 'server',
    summary: 'Checks whether the server is ready, and what is degraded',
    replies: {
      200: { description: 'Ready.', schema: HealthReply },
      503: { description: 'Not ready.', schema: HealthReply, headers: ['Retry-After'] },
    },
    handle: (ctx, { health }) => reply(ctx, health()),
  }),
];

function reply(ctx: ApiContext, { isReady, reasons }: ReturnType<Health>): void {
  ctx.status = isReady ? 200 : 503;
  if (!isReady) ctx.set('Retry-After', '1');
  replyJson(ctx, { status: !isReady ? 'unavailable' : reasons.length > 0 ? 'degraded' : 'ok', reasons });
}
