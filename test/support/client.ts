/** A client that returns everything about a reply. */

import { Pool } from 'undici';
import { assertDescribed } from './described.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads replies of every shape, and its assertions are the check
  readonly body: any;
}

export type Client = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;

/** Checks every reply against the API's description. @param body a value to send as JSON, or text or bytes to send unchanged */
export function createClient(baseUrl: string, token: string | undefined): Client {
  return async (method, path, body, headers = {}) => {
    const sent: Record<string, string> = { ...headers };
    if (token !== undefined) sent.authorization ??= `Bearer ${token}`;
    if (body !== undefined) sent['content-type'] ??= 'application/json';
    const response = await fetch(baseUrl + path, {
      method,
      headers: sent,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: isAsItIs(body) ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const reply = {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    };
    assertDescribed(method, path, reply);
    return reply;
  };
}

const isAsItIs = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === 'string' || body instanceof Uint8Array;
/** The same over a limited number of connections, and cheaper: for many concurrent requests. */
export function createPooledClient(
  baseUrl: string,
  token: string,
  connections: number,
): { readonly client: Client; close(): Promise<void> } {
  const pool = new Pool(baseUrl, {
    connections,
    pipelining: 1,
    keepAliveTimeout: 60_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    async client(method, path, body, headers = {}) {
      const response = await pool.request({
        method: method as 'GET',
        path,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: isAsItIs(body) ? body : JSON.stringify(body) }),
      });
      const text = await response.body.text();
      const isJson = String(response.headers['content-type']).startsWith('application/json');
      return {
        status: response.statusCode,
        headers: new Headers(response.headers as Record<string, string>),
        text,
        body: isJson && text !== '' ? JSON.parse(text) : undefined,
      };
    },
    close: () => pool.close(),
  };
}

/** `code` and `field` of each entry of an error reply. */
export function errorsOf({ body }: Reply): [code: string, field?: string][] {
  return body.errors.map(({ code, field }: { code: string; field?: string }) =>
    field === undefined ? [code] : [code, field],
  );
}
