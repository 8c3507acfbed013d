/** What a connector's `fetch` is answered with in a test: a table, under the manifest's permissions. */
import { BrokerError } from '../broker/broker-error.ts';
import { OriginPermissions } from '../broker/origin-permissions.ts';
import type { Json } from '../json.ts';

/** Where connectors written for the original platform send what is the runtime's own. */
const PLATFORM_ORIGIN = 'https://api.integrator.io';

export interface StubbedRequest {
  readonly method: string;
  /** A path for the runtime's own API. */
  readonly url: string;
  readonly headers: Headers;
  /** Text; bytes as base64. */
  readonly body: string | null;
}

/** JSON, sent with 200; or a function that gives it, or a whole response. */
export type Stub = Json | ((request: StubbedRequest) => Json | Response | Promise<Json | Response>);

/**
 * By address, with a method in front or for all of them; `*` stands for anything. A path is the runtime's own
 * API. The first that fits is taken.
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

interface StubMatch {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
}

/** The text of a reply to the compartment, as the broker gives it. */
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
      return JSON.stringify({ value: await this.#reply(JSON.parse(text) as StubMatch) });
    } catch (error) {
      const { code = 'request_failed', message } = error as Error & { code?: string };
      return JSON.stringify({ error: { code, message } });
    }
  }

  async #reply({ method, url: asked, headers, body }: StubMatch): Promise<object> {
    const address = new URL(asked, PLATFORM_ORIGIN);
    const isPlatform = address.origin === PLATFORM_ORIGIN;
    if (!isPlatform) this.#permissions.assertPermitted(address);
    const url = isPlatform ? address.pathname + address.search : address.href;
    const request = { method, url, headers: new Headers(headers.map(([name, value]) => [name, value])), body };
    this.requests.push(request);
    const [, stub] = this.#stubs.find(([key]) => fits(key, method, url)) ?? [];
    if (stub === undefined) throw new BrokerError('request_failed', `Nothing is stubbed for ${method} ${url}.`);
    const given = typeof stub === 'function' ? await stub(request) : stub;
    const response = given instanceof Response ? given : Response.json(given);
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

function fits(key: string, method: string, url: string): boolean {
  const [, wantedMethod, address = key] = /^([A-Z]+) (.+)$/.exec(key) ?? [];
  if (wantedMethod !== undefined && wantedMethod !== method) return false;
  const pattern = address.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${pattern.join('.*')}$`, 's').test(url);
}
