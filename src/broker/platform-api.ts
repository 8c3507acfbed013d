/**
 * The runtime's own API for a running connector: the same handlers and checks as from outside,
 * called in the process, without a socket.
 */
import type { RequestListener } from 'node:http';
import { type InjectOptions, inject } from 'light-my-request';

/** Where connectors written for the original platform send their requests. */
const PLATFORM_ORIGIN = 'https://api.integrator.io';

export interface PlatformRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
}

export interface PlatformResponse {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export interface PlatformApi {
  /** The path of an address that is the runtime's own, or nothing. */
  pathOf(url: string): string | undefined;
  request(request: PlatformRequest, token: string): Promise<PlatformResponse>;
}

/** @param listener is asked for at each request: the application that it belongs to is made later. */
export function createPlatformApi(listener: () => RequestListener): PlatformApi {
  return {
    pathOf(url) {
      const parsed = URL.canParse(url, PLATFORM_ORIGIN) ? new URL(url, PLATFORM_ORIGIN) : undefined;
      return parsed?.origin === PLATFORM_ORIGIN && !parsed.username && !parsed.password
        ? parsed.pathname + parsed.search
        : undefined;
    },
    async request({ url, method, headers, body }, token) {
      const sent: Record<string, string> = Object.fromEntries(headers);
      sent.authorization ??= `Bearer ${token}`;
      // A connector speaks JSON; what the web platform would name the text is of no use here.
      if (body !== null) sent['content-type'] ??= 'application/json';
      sent.host = 'localhost';
      const options: InjectOptions = { method: method.toUpperCase() as 'GET', url, headers: sent };
      if (body !== null) options.payload = body;
      const response = await inject((request, reply) => {
        listener()(request as never, reply as never);
      }, options);
      return {
        url: PLATFORM_ORIGIN + url,
        status: response.statusCode,
        statusText: response.statusMessage,
        headers: Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const),
        body: response.payload,
      };
    },
  };
}
