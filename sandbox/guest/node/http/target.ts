/** Where a request goes, from the arguments that `http.request` takes. */
import { urlToHttpOptions } from '../url-to-http-options.ts';

export interface RequestOptions {
  [name: string]: unknown;
  readonly protocol?: string | null;
  readonly host?: string | null;
  readonly hostname?: string | null;
  readonly port?: string | number | null;
  readonly path?: string | null;
  readonly method?: string;
  readonly auth?: string | null;
  readonly headers?: unknown;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly socketPath?: string;
  readonly setHost?: boolean;
}

export type RequestArguments =
  | [address: string | URL, options?: unknown, callback?: unknown]
  | [options: RequestOptions, callback?: unknown];

export type OnResponse = (response: unknown) => void;

export function readArguments(args: RequestArguments): { options: RequestOptions; callback: OnResponse | undefined } {
  const [first, ...rest] = args as [unknown, unknown?, unknown?];
  const isAddress = typeof first === 'string' || first instanceof URL;
  const fromAddress = isAddress ? urlToHttpOptions(new URL(first)) : {};
  const given = isAddress ? rest.shift() : first;
  const callback = typeof given === 'function' ? given : rest[0];
  const options = typeof given === 'object' && given !== null ? (given as RequestOptions) : {};
  return {
    options: { ...fromAddress, ...options },
    callback: typeof callback === 'function' ? (callback as OnResponse) : undefined,
  };
}

export interface Target {
  readonly url: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly host: string;
  readonly path: string;
}

export function targetOf(options: RequestOptions, defaultProtocol: string): Target {
  const protocol = options.protocol || defaultProtocol;
  const hostname = options.hostname || options.host || 'localhost';
  const path = options.path || '/';
  if (/[^\u0021-\u00ff]/.test(path)) {
    const message = 'Request path contains unescaped characters';
    throw Object.assign(new TypeError(message), { code: 'ERR_UNESCAPED_CHARACTERS' });
  }
  const isNamed = options.port !== undefined && options.port !== null && options.port !== '';
  const plain = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  // `host` may carry a port where `hostname` is absent.
  const host = isNamed && !/:\d+$/.test(plain.replace(/^\[.*\]/, '')) ? `${plain}:${options.port}` : plain;
  return { url: `${protocol}//${host}${path.startsWith('/') ? '' : '/'}${path}`, protocol, hostname, host, path };
}
