/** Stubs for a connector's `fetch` in tests. The manifest's permissions apply. */
import { BrokerError } from '../broker/broker-error.ts';
import { OriginPermissions } from '../broker/origin-permissions.ts';
import { platformOrigins } from '../broker/platform-api.ts';
import type { Json } from '../json.ts';

export interface StubbedRequest {
  readonly method: string;
  /** Only a path for the runtime's own API. */
  readonly url: string;
  readonly headers: Headers;
  /** Text; bytes as base64. */
  readonly body: string | null;
}

/** JSON, sent with status 200, or a function that returns JSON or a `Response`. */
export type Stub = Json | ((request: StubbedRequest) => Json | Response | Promise<Json | Response>);

/**
 * Stubs by address, optionally with a method in front. `*` matches anything, and a path means the runtime's own API.
 * The first match wins.
 *
 * @example
 * import type { FetchStubs } from 'bulkhead/test';
 *
 * const fetch: FetchStubs = {
 *   'GET /v1/integrations/*': { settings: {} },
 *   'https://api.example.com/orders?page=*': ({ url }) => [{ page: new URL(url).searchParams.get('page') }],
 *   'POST https://api.example.com/orders': () => new Response('no', { status: 503 }),
 * };
 */
export type FetchStubs = Readonly<Record<string, Stub>>;

interface GuestRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
}

/** Answers the compartment's requests in the broker's format. */
export class StubbedFetch {
  readonly #stubs: readonly (readonly [key: string, stub: Stub])[];
  readonly #permissions: OriginPermissions;
  readonly requests: StubbedRequest[] = [];

  constructor(stubs: FetchStubs, permissions: readonly string[]) {
    this.#stubs = Object.entries(stubs);
    this.#permissions = new OriginPermissions(permissions);
  }

  async reply(text: string): Promise<string> {
    try {
      return JSON.stringify({ value: await this.#reply(JSON.parse(text) as GuestRequest) });
    } catch (error) {
      const { code = 'request_failed', message } = error as Error & { code?: string };
      return JSON.stringify({ error: { code, message } });
    }
  }

  async #reply({ method, url: path, headers, body }: GuestRequest): Promise<object> {
    const address = new URL(path, platformOrigins[0]);
    const isPlatform = platformOrigins.includes(address.origin);
    if (!isPlatform) this.#permissions.assertPermitted(address);
    const url = isPlatform ? address.pathname + address.search : address.href;
    const request = { method, url, headers: new Headers(headers.map(([name, value]) => [name, value])), body };
    this.requests.push(request);
    const [, stub] = this.#stubs.find(([key]) => matches(key, method, url)) ?? [];
    if (stub === undefined) throw new BrokerError('request_failed', `There is no stub for ${method} ${url}.`);
    const result = typeof stub === 'function' ? await stub(request) : stub;
    const response = result instanceof Response ? result : Response.json(result);
    const bytes = Buffer.from(await response.arrayBuffer());
    return {
      url: address.href,
      status: response.status,
      statusText: response.statusText,
      headers: [...response.headers],
      body: bytes.toString('base64'),
      bodyEncoding: 'base64',
      redirected: false,
    };
  }
}

function matches(key: string, method: string, url: string): boolean {
  const [, stubMethod, address = key] = /^([A-Z]+) (.+)$/.exec(key) ?? [];
  if (stubMethod !== undefined && stubMethod !== method) return false;
  const pattern = address.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`, 's').test(url);
}
