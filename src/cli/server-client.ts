/** HTTP requests from commands to a server. */
import type { Options } from '../options.ts';
import { CommandError } from './command.ts';

export interface ServerTarget {
  readonly url: string | undefined;
  readonly options: Options;
  readonly signal: AbortSignal;
  /** Why the command contacts a server; starts the error message: `A server is using the data folder`. */
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

/** Returns any HTTP response. @throws CommandError without a token, or if the server does not answer */
export async function sendRequest(
  server: ServerTarget,
  { method, path, body, headers }: ServerRequest,
): Promise<Response> {
  const { token } = server.options;
  if (token === undefined) {
    throw new CommandError(`${server.reason}: this command needs its token (BULKHEAD_TOKEN or --token).`);
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
    throw new CommandError(`${server.reason}, but it does not answer at ${address}.`, { cause: error });
  }
}

/** @throws CommandError with the server's messages unless the status is 2xx */
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

/** The errors in a response; none if it is not in our format. */
export async function readErrors(response: Response): Promise<readonly ReplyError[]> {
  try {
    const { errors } = (await response.json()) as { errors?: unknown };
    return Array.isArray(errors) ? (errors as ReplyError[]) : [];
  } catch {
    // From another server, or a proxy.
    return [];
  }
}
