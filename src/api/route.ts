/** A route: an operation and its handler. Router, checks and the API's description are made of it. */
import type { Feed } from '../feed/feed.ts';
import type { Service } from '../integration/service.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ApiContext } from './context.ts';
import type { Idempotency } from './idempotency.ts';
import type { Description } from './openapi/description.ts';
import type { Method, Operation } from './operation.ts';

/** Whether the server is ready, why not, and what is degraded although it is. */
export type Health = () => { readonly isReady: boolean; readonly reasons: readonly string[] };

/** What handlers work with. */
export interface Api {
  readonly service: Service;
  readonly idempotency: Idempotency;
  readonly metrics: Metrics;
  readonly feed: Feed;
  readonly health: Health;
  readonly description: Description;
  /** Base of links. */
  readonly publicUrl: () => string;
}

export interface Route extends Operation {
  /** Called when the caller may call. The body is read, and checked, where the handler asks for it. */
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
