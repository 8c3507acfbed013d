/** Requests of commands to a server. */
import type { Options } from '../options.ts';
import { CommandError } from './command.ts';

export interface ServerTarget {
  readonly url: string | undefined;
  readonly options: Options;
  readonly signal: AbortSignal;
  /** Why a server is asked, as a sentence begins: `A server has the data folder`. */
  readonly reason: string;
}

export interface ServerRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: Blob | string;
  readonly headers?: Readonly<Record<string, string>>;
}

const withoutApiPath = (url: string): string => url.replace(/\/+$/, '').replace(/\/v1$/, '');

export function serverUrl({ url, options: { publicUrl, host, port } }: Pick<ServerTarget, 'url' | 'options'>): string {
  return withoutApiPath(url ?? publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`);
}

/** @throws CommandError for no token, no server, or one that is none of ours; any reply of a server is given back */
export async function sendRequest(
  server: ServerTarget,
  { method, path, body, headers }: ServerRequest,
): Promise<Response> {
  const { token } = server.options;
  if (token === undefined) {
    throw new CommandError(`${server.reason}: BULKHEAD_TOKEN or --token lets this command ask it.`);
  }
  const address = serverUrl(server);
  try {
    return await fetch(address + path, {
      method,
      signal: server.signal,
      headers: {
        ...headers,
        authorization: `Bearer ${token}`,
        ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      },
      ...(body === undefined ? {} : { body }),
    });
  } catch (error) {
    throw new CommandError(`${server.reason}, and does not answer at ${address}.`, { cause: error });
  }
}

/** @throws CommandError with the server's sentences for a reply that is no success */
export async function requestOk(server: ServerTarget, serverRequest: ServerRequest): Promise<Response> {
  const response = await sendRequest(server, serverRequest);
  if (response.ok) return response;
  const errors = await readErrors(response);
  const sentences = errors.map(({ message }) => message).join(' ');
  throw new CommandError(sentences || `The server answered ${response.status}.`, { code: errors[0]?.code });
}

export interface ReplyError {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
}

/** Of a reply that is no success; none if it is not in our form. */
export async function readErrors(response: Response): Promise<readonly ReplyError[]> {
  try {
    const { errors } = (await response.json()) as { errors?: unknown };
    return Array.isArray(errors) ? (errors as ReplyError[]) : [];
  } catch {
    // Somebody else's server, or a proxy.
    return [];
  }
}
