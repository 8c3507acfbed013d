/** Calls off the removal of an integration. */
import { requestError } from '../errors.ts';
import { withoutRemoval } from '../integration/integration.ts';
import { integrationJson, integrationOf, publicIntegration, putIntegration } from '../integration/service.ts';
import { change, etagOf, integrationIdOf, replyRecord } from './context.ts';
import { assertPreconditions } from './preconditions.ts';
import { etagHeaders } from './replies.ts';
import { type Route, route } from './route.ts';
import { Integration } from './schemas.ts';

export const removalRoutes: readonly Route[] = [
  route.put('/integrations/{_id}/uninstall/cancel', {
    scope: 'integrations',
    tag: 'lifecycle',
    summary: 'Calls off a removal of which no step is completed',
    description: 'The mode becomes `settings`, or `install` if steps of the setup are left.',
    headers: ['If-Match', 'If-None-Match'],
    replies: { 200: { description: 'The integration.', schema: Integration, headers: etagHeaders } },
    errors: ['not_found', 'precondition_failed', 'conflict'],
    async handle(ctx, { service }) {
      const id = integrationIdOf(ctx);
      const lastRun = await service.dispatcher.runs.latestOf(id);
      const isBusy = lastRun?.outcome === 'running' && lastRun.section === 'uninstaller';
      const [text, etag] = await change(ctx, service, id, (unit) => {
        const current = integrationOf(unit);
        assertPreconditions(ctx, etagOf(unit, publicIntegration(service, current)));
        const kept = isBusy ? undefined : withoutRemoval(current);
        if (!kept) {
          const message = 'No removal can be called off: none has begun, a step of it is done, or its function runs.';
          throw requestError('conflict', { message });
        }
        const shown = publicIntegration(service, putIntegration(service, unit, kept));
        return [integrationJson(shown, unit.settings), etagOf(unit, shown)] as const;
      });
      replyRecord(ctx, text, etag);
    },
  }),
];
