/** The runtime's own API for running connectors: the same handlers and checks as over HTTP, called in the process. */
import type { RequestListener } from 'node:http';
import type { DispatchFunc, InjectOptions, inject, Response } from 'light-my-request';
import type { Trace } from '../trace-context.ts';
import type { InProcessCallers } from './in-process-callers.ts';
import type { Grant } from './one-time-tokens.ts';
import { withTrace } from './trace-headers.ts';

/** Connectors written for the original platform send their requests to these. */
export const platformOrigins: readonly string[] = [
  'https://api.integrator.io',
  'https://api.eu.integrator.io',
  'https://api.staging.integrator.io',
];
const [PLATFORM_ORIGIN = ''] = platformOrigins;

/** Pseudo remote address of in-process requests. */
export const IN_PROCESS = 'in-process';

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export interface PlatformRequest {
  readonly url: string;
  readonly method: (typeof methods)[number];
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | null;
}

export interface PlatformResponse {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

export interface PlatformCaller {
  readonly grant: Grant;
  readonly token: string;
  readonly trace: Trace;
}

export interface PlatformApi {
  /** The path, if the URL is the runtime's own. */
  pathOf(url: string): string | undefined;
  request(request: PlatformRequest, from: PlatformCaller): Promise<PlatformResponse>;
}

/** Headers that a run cannot set. */
const RESERVED_HEADERS = ['authorization', 'host', 'content-length', 'transfer-encoding'];

/** All values by lower-case name. */
function groupHeaders(pairs: PlatformRequest['headers']): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const key = name.trim().toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  return headers;
}

export function createPlatformApi(listener: RequestListener, callers: InProcessCallers): PlatformApi {
  let loading: Promise<Inject> | undefined;
  return {
    pathOf(url) {
      const parsed = URL.parse(url, PLATFORM_ORIGIN);
      if (!parsed || !platformOrigins.includes(parsed.origin) || parsed.username || parsed.password) return undefined;
      return parsed.pathname + parsed.search;
    },
    async request({ url, method, headers, body }, { grant, token, trace }) {
      const grouped = groupHeaders(withTrace(headers, trace));
      const caller = { grant, token, authorizations: grouped.get('authorization') ?? [], body: body ?? undefined };
      const sent: Record<string, string | string[]> = Object.fromEntries(
        [...grouped].filter(([name]) => !RESERVED_HEADERS.includes(name)),
      );
      // Connectors send JSON, so do not default to text/plain as `fetch` does.
      if (body !== null) {
        sent['content-type'] ??= 'application/json';
        sent['content-length'] = String(body.length);
      }
      sent.host = 'localhost';
      // The whole body is there already.
      delete sent.expect;
      sent['user-agent'] ??= 'bulkhead';
      const options: InjectOptions = { method, url, headers: sent, remoteAddress: IN_PROCESS };
      loading ??= loadInject();
      const dispatch: DispatchFunc = (request, reply) => {
        callers.register(request, caller);
        listener(request as never, reply as never);
      };
      const response = await injectRequest(await loading, dispatch, options);
      return {
        url: PLATFORM_ORIGIN + url,
        status: response.statusCode,
        statusText: response.statusMessage,
        headers: Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const),
        body: response.rawPayload,
      };
    },
  };
}

type Inject = typeof inject;

/** Loaded at the first request. */
const loadInject = async (): Promise<Inject> => (await import('light-my-request')).inject;

/** With the callback, whatever the library throws rejects this promise instead of surfacing in a later turn. */
function injectRequest(inject: Inject, dispatch: DispatchFunc, options: InjectOptions): Promise<Response> {
  return new Promise((resolve, reject) => {
    inject(dispatch, { ...options, validate: false }, (error, response) => {
      if (response) resolve(response);
      else reject(error);
    });
  });
}
