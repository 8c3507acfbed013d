/** Requests of commands to a server. */
import type { Options } from '../options.ts';
import { CommandError } from './command.ts';

export interface AskedServer {
  readonly url: string | undefined;
  readonly options: Options;
  readonly signal: AbortSignal;
  /** Why a server is asked, as a sentence begins: `A server has the data folder`. */
  readonly why: string;
}

export interface ServerReply {
  readonly method: string;
  readonly path: string;
  readonly body?: Blob | string;
  readonly headers?: Readonly<Record<string, string>>;
}

const base = (url: string): string => url.replace(/\/+$/, '').replace(/\/v1$/, '');

export function serverUrlOf({ url, options: { publicUrl, host, port } }: Pick<AskedServer, 'url' | 'options'>): string {
  return base(url ?? publicUrl ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`);
}

/** @throws CommandError for no token, no server, or one that is none of ours; any reply of a server is given back */
export async function request(server: AskedServer, { method, path, body, headers }: ServerReply): Promise<Response> {
  const { token } = server.options;
  if (token === undefined) {
    throw new CommandError(`${server.why}: BULKHEAD_TOKEN or --token lets this command ask it.`);
  }
  const address = serverUrlOf(server);
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
    throw new CommandError(`${server.why}, and does not answer at ${address}.`, { cause: error });
  }
}

/** @throws CommandError with the server's sentences for a reply that is no success */
export async function ask(server: AskedServer, asked: ServerReply): Promise<Response> {
  const response = await request(server, asked);
  if (response.ok) return response;
  const errors = await errorsOf(response);
  const sentences = errors.map(({ message }) => message).join(' ');
  throw new CommandError(sentences || `The server answered ${response.status}.`, { code: errors[0]?.code });
}

export interface ReplyError {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
}

/** Of a reply that is no success; none if it is not in our form. */
export async function errorsOf(response: Response): Promise<readonly ReplyError[]> {
  try {
    const { errors } = (await response.json()) as { errors?: unknown };
    return Array.isArray(errors) ? (errors as ReplyError[]) : [];
  } catch {
    // Somebody else's server, or a proxy.
    return [];
  }
}
