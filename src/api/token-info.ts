/** `/tokenInfo`: whose token it is. */
import { replyJson } from './context.ts';
import { type Route, route } from './route.ts';
import { TokenInfo } from './schemas.ts';

export const tokenInfoRoutes: readonly Route[] = [
  route.get('/tokenInfo', {
    scope: 'any',
    runs: 'own',
    tag: 'server',
    summary: 'Identifies the token',
    replies: { 200: { description: 'The administrator, an access token, or a run.', schema: TokenInfo } },
    handle(ctx) {
      const { grant, token } = ctx.state;
      if (token) {
        const { _id, name, scope, integrationIds, autoPurgeAt } = token;
        const ids = integrationIds && { _integrationIds: [...integrationIds] };
        return replyJson(ctx, { scope, _id, name, ...ids, autoPurgeAt });
      }
      if (!grant) return replyJson(ctx, { scope: 'administrator' });
      replyJson(ctx, {
        scope: 'run',
        runId: grant.runId,
        _connectorId: grant.connectorId,
        _integrationId: grant.integrationId,
        expiresAt: new Date(grant.expiresAt).toISOString(),
      });
    },
  }),
];
