/** A route: an operation and its handler. Router, checks and the API description are built from it. */
import type { Feed } from '../feed/feed.ts';
import type { FlowJobs } from '../flow/flow-jobs.ts';
import type { Flows } from '../flow/flows.ts';
import type { Webhooks } from '../flow/webhooks.ts';
import type { Service } from '../integration/service.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { OAuth } from '../oauth/oauth.ts';
import type { AccessTokenStore } from '../store/storage.ts';
import type { AuditLog } from './audit-log.ts';
import type { ApiContext } from './context.ts';
import type { Idempotency } from './idempotency.ts';
import type { Description } from './openapi/description.ts';
import type { Method, Operation } from './operation.ts';
import type { FailedAuthentications } from './rate-limit.ts';
import type { TokenAuthority } from './token-authority.ts';

/** Whether the server is ready, and why not or what is degraded. */
export type Health = () => { readonly isReady: boolean; readonly reasons: readonly string[] };

/** Services that handlers use. */
export interface Api {
  readonly service: Service;
  readonly idempotency: Idempotency;
  readonly metrics: Metrics;
  readonly feed: Feed;
  readonly oauth: OAuth;
  readonly jobs: FlowJobs;
  readonly webhooks: Webhooks;
  readonly schedules: Flows['schedules'];
  /** By webhook and address. */
  readonly webhookSenders: FailedAuthentications;
  readonly health: Health;
  readonly accessTokens: AccessTokenStore;
  readonly authority: TokenAuthority;
  readonly audit: AuditLog;
  readonly description: Description;
  /** Base of links. */
  readonly publicUrl: () => string;
}

export interface Route extends Operation {
  /** Called once the caller is authorized. Reads and checks the body itself. */
  handle(ctx: ApiContext, api: Api): void | Promise<void>;
}

const define =
  (method: Method) =>
  (path: string, entry: Omit<Route, 'method' | 'path'>): Route => ({ method, path, ...entry });

/** Defines a route: `route.get('/tiles', { … })`. */
export const route = Object.freeze({
  get: define('get'),
  post: define('post'),
  put: define('put'),
  patch: define('patch'),
  delete: define('delete'),
});
