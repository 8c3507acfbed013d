/** Every route of the API (contract 4), in the order in which the description shows them. */
import { accessTokenRoutes } from './access-tokens.ts';
import { auditRoutes } from './audit.ts';
import { backupRoutes } from './backup.ts';
import { connectionRoutes } from './connections.ts';
import { connectorRoutes } from './connectors.ts';
import { descriptionRoutes } from './description.ts';
import { eventRoutes } from './events.ts';
import { flowRoutes } from './flows.ts';
import { functionRoutes } from './functions.ts';
import { healthRoutes } from './health.ts';
import { oauthClientRoutes } from './iclients.ts';
import { integrationRoutes } from './integrations.ts';
import { jobErrorRoutes } from './job-errors.ts';
import { jobHourRoutes } from './job-hours.ts';
import { jobRoutes } from './jobs.ts';
import { metricRoutes } from './metrics.ts';
import { oauthRoutes } from './oauth.ts';
import { pingRoutes } from './ping.ts';
import { presentationRoutes } from './presentation.ts';
import { recordRoutes } from './records.ts';
import { removalRoutes } from './removal.ts';
import type { Route } from './route.ts';
import { runRoutes } from './runs.ts';
import { scheduleRoutes } from './schedule.ts';
import { stackRoutes } from './stack.ts';
import { stateRoutes } from './state.ts';
import { tileRoutes } from './tiles.ts';
import { tokenInfoRoutes } from './token-info.ts';
import { webhookRoutes } from './webhooks.ts';

export const routes: readonly Route[] = [
  ...integrationRoutes,
  ...functionRoutes,
  ...removalRoutes,
  ...stackRoutes,
  ...runRoutes,
  ...stateRoutes,
  ...connectorRoutes,
  ...presentationRoutes,
  ...recordRoutes,
  ...flowRoutes,
  ...scheduleRoutes,
  // Before `/jobs/{_id}`.
  ...jobHourRoutes,
  ...jobRoutes,
  ...jobErrorRoutes,
  ...webhookRoutes,
  ...connectionRoutes,
  ...pingRoutes,
  ...oauthRoutes,
  ...oauthClientRoutes,
  ...tileRoutes,
  ...eventRoutes,
  ...tokenInfoRoutes,
  ...accessTokenRoutes,
  ...auditRoutes,
  ...backupRoutes,
  ...metricRoutes,
  ...healthRoutes,
  ...descriptionRoutes,
];
