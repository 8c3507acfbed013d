/** REST client that sends the token. */
import { ApiError, type ErrorItem } from './api-error.ts';
import { isJsonObject, type Json } from './json.ts';

export interface Reply<T = Json> {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined if the reply has no JSON body. */
  readonly body: T;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Sent as it is, instead of `body`. */
  readonly file?: Blob;
  /** Statuses besides 2xx whose reply is an answer and not an error. */
  readonly accepts?: readonly number[];
}

/** The header that names the run of a call. */
export const RUN_ID = 'bulkhead-run-id';

export class Client {
  readonly #token: string;
  readonly #onUnauthorized: () => void;

  /** @param onUnauthorized called when the server refuses the token */
  constructor(token: string, onUnauthorized: () => void = () => {}) {
    this.#token = token;
    this.#onUnauthorized = onUnauthorized;
  }

  /** The raw response, for bodies other than JSON. @throws ApiError */
  async fetch(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const { body, file, headers, signal, accepts = [] } = options;
    let response: Response;
    try {
      // Relative to the page, because a host may mount it under any path.
      response = await fetch(`v1${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(file ? { 'Content-Type': 'application/octet-stream' } : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(file ? { body: file } : {}),
        ...(signal ? { signal } : {}),
        cache: 'no-store',
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, [{ code: 'unreachable', message: 'The server does not answer.' }]);
    }
    if (response.ok || accepts.includes(response.status)) return response;
    if (response.status === 401) this.#onUnauthorized();
    throw new ApiError(response.status, await readErrors(response), response.headers.get(RUN_ID));
  }

  /** @throws ApiError */
  async request<T = Json>(method: string, path: string, options?: RequestOptions): Promise<Reply<T>> {
    const response = await this.fetch(method, path, options);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const body = (isJson && text !== '' ? JSON.parse(text) : undefined) as T;
    return { status: response.status, headers: response.headers, body };
  }

  async get<T = Json>(path: string, signal?: AbortSignal): Promise<T> {
    return (await this.request<T>('GET', path, signal ? { signal } : {})).body;
  }

  async put<T = Json>(path: string, body: unknown): Promise<T> {
    return (await this.request<T>('PUT', path, { body })).body;
  }

  async post<T = Json>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    return (await this.request<T>('POST', path, { body, headers })).body;
  }

  async delete<T = Json>(path: string): Promise<T> {
    return (await this.request<T>('DELETE', path)).body;
  }

  /** Reads all pages of a list. `onPage` gets the rows so far. */
  async list<T>(path: string, onPage: (rows: readonly T[]) => void = () => {}, signal?: AbortSignal): Promise<T[]> {
    const rows: T[] = [];
    let next: string | undefined = path;
    while (next !== undefined) {
      const page: Reply<T[]> = await this.request<T[]>('GET', next, signal ? { signal } : {});
      rows.push(...page.body);
      next = nextPage(page.headers.get('link'));
      if (next !== undefined) onPage([...rows]);
    }
    return rows;
  }
}

/** RFC 8288: `<http://…/v1/path?cursor=…>; rel="next"` → `/path?cursor=…`. Keeps the page's own origin. */
export function nextPage(link: string | null): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  const { pathname, search } = new URL(target, location.href);
  return pathname.replace(/^.*?\/v1(?=\/)/, '') + search;
}

async function readErrors(response: Response): Promise<readonly ErrorItem[]> {
  const text = await response.text().catch(() => '');
  try {
    const body: unknown = JSON.parse(text);
    if (isJsonObject(body) && Array.isArray(body.errors) && body.errors.length > 0) {
      return body.errors.filter(isJsonObject).map(({ code, message, field }) => ({
        code: String(code),
        message: String(message),
        ...(typeof field === 'string' ? { field } : {}),
      }));
    }
  } catch {
    // Not JSON: a proxy's error page, or an empty body.
  }
  return [{ code: `http_${response.status}`, message: `The server answered with status ${response.status}.` }];
}
