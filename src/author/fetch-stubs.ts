/** Stubs for a connector's `fetch` in tests. The manifest's permissions apply. */
import { OriginPermissions } from '../broker/origin-permissions.ts';
import { platformOrigins } from '../broker/platform-api.ts';
import type { Json } from '../json.ts';
import { isProxyPath, type StubbedRecordTable } from './stubbed-records.ts';

export interface StubbedRequest {
  readonly method: string;
  /** For the runtime's own API only a path. For a connection's proxy without a stub, the application's address. */
  readonly url: string;
  readonly headers: Headers;
  /** Text, or bytes as base64. */
  readonly body: string | null;
}

/** JSON, sent with status 200, or a function that returns JSON or a `Response`. */
export type Stub = Json | ((request: StubbedRequest) => Json | Response | Promise<Json | Response>);

/**
 * Stubs by address, optionally with a method in front. `*` matches anything, and a path means the runtime's own API.
 * The first match wins. A request to a known connection's proxy is answered by the stub of the application's address,
 * unless the proxy itself has one.
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
  readonly #records: StubbedRecordTable;
  readonly requests: StubbedRequest[] = [];

  constructor(stubs: FetchStubs, permissions: readonly string[], records: StubbedRecordTable) {
    this.#stubs = Object.entries(stubs);
    this.#permissions = new OriginPermissions(permissions);
    this.#records = records;
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
    const asked = { method, url, headers: new Headers(headers.map(([name, value]) => [name, value])), body };
    const { request, stub } = this.#stubOf(asked, isPlatform && isProxyPath(url));
    this.requests.push(request);
    if (stub === undefined) {
      // A flow would repeat a request with `request_failed`.
      const code = request === asked ? 'request_failed' : 'no_stub';
      throw Object.assign(new Error(`There is no stub for ${request.method} ${request.url}.`), { code });
    }
    const result = typeof stub === 'function' ? await stub(request) : stub;
    const response = result instanceof Response ? result : Response.json(result);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (isPlatform && response.ok) this.#records.noteCreated(method, url, body, bytes.toString());
    return {
      url: address.href,
      status: response.status,
      statusText: response.statusText,
      // A stub for a proxy answers for the application behind it.
      headers: [...response.headers, ...(isPlatform && isProxyPath(url) ? [['bulkhead-proxied', 'true']] : [])],
      body: bytes.toString('base64'),
      bodyEncoding: 'base64',
      redirected: false,
    };
  }

  #stubOf(asked: StubbedRequest, isProxy: boolean): { request: StubbedRequest; stub: Stub | undefined } {
    const stub = this.#find(asked);
    const application = isProxy && stub === undefined && this.#records.applicationOf(asked.url, asked.headers);
    if (!application) return { request: asked, stub };
    this.#permissions.assertPermitted(new URL(application.url));
    const request = { ...application, body: asked.body };
    return { request, stub: this.#find(request) };
  }

  #find({ method, url }: StubbedRequest): Stub | undefined {
    return this.#stubs.find(([key]) => matches(key, method, url))?.[1];
  }
}

function matches(key: string, method: string, url: string): boolean {
  const [, stubMethod, address = key] = /^([A-Z]+) (.+)$/.exec(key) ?? [];
  if (stubMethod !== undefined && stubMethod !== method) return false;
  const pattern = address.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`, 's').test(url);
}
