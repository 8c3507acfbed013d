/**
 * The runtime's own API for a running connector: the same handlers and checks as from outside,
 * called in the process, without a socket.
 */
import type { RequestListener } from 'node:http';
import type { DispatchFunc, InjectOptions, inject, Response } from 'light-my-request';
import type { Trace } from '../trace-context.ts';
import type { InProcessCallers } from './in-process-callers.ts';
import type { Grant } from './one-time-tokens.ts';
import { withTrace } from './trace-headers.ts';

/** Where connectors written for the original platform send their requests. */
const PLATFORM_ORIGIN = 'https://api.integrator.io';

/** Stands in the place of an address, which none is: the request has come over no socket. */
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

/** Whose request it is, and what it is part of. */
export interface PlatformCaller {
  readonly grant: Grant;
  readonly token: string;
  readonly trace: Trace;
}

export interface PlatformApi {
  /** The path of an address that is the runtime's own, or nothing. */
  pathOf(url: string): string | undefined;
  request(request: PlatformRequest, from: PlatformCaller): Promise<PlatformResponse>;
}

/** What this process says of its own requests, whatever the run says. */
const OURS = ['authorization', 'host', 'content-length', 'transfer-encoding'];

/** By their names in lower case; the values of equal ones in a list. */
function headersOf(pairs: PlatformRequest['headers']): Map<string, string[]> {
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
      return parsed?.origin === PLATFORM_ORIGIN && !parsed.username && !parsed.password
        ? parsed.pathname + parsed.search
        : undefined;
    },
    async request({ url, method, headers, body }, { grant, token, trace }) {
      const given = headersOf(withTrace(headers, trace));
      const caller = { grant, token, authorizations: given.get('authorization') ?? [], body: body ?? undefined };
      const sent: Record<string, string | string[]> = Object.fromEntries(
        [...given].filter(([name]) => !OURS.includes(name)),
      );
      // A connector speaks JSON; what the web platform would name the text is of no use here.
      if (body !== null) {
        sent['content-type'] ??= 'application/json';
        sent['content-length'] = String(body.length);
      }
      sent.host = 'localhost';
      // The body is there.
      delete sent.expect;
      sent['user-agent'] ??= 'bulkhead';
      const options: InjectOptions = { method, url, headers: sent, remoteAddress: IN_PROCESS };
      loading ??= load();
      const dispatch: DispatchFunc = (request, reply) => {
        callers.note(request, caller);
        listener(request as never, reply as never);
      };
      const response = await injected(await loading, dispatch, options);
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

/** For the first request; a server whose connectors make none does without. */
const load = async (): Promise<Inject> => (await import('light-my-request')).inject;

/** With a callback: what the library throws comes out of the promise, and not in a later turn of its own. */
function injected(inject: Inject, dispatch: DispatchFunc, options: InjectOptions): Promise<Response> {
  return new Promise((resolve, reject) => {
    inject(dispatch, { ...options, validate: false }, (error, response) => {
      if (response) resolve(response);
      else reject(error);
    });
  });
}
