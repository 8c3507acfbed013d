/** Requests to a connection's application, through the runtime, which adds the credentials. */
import type { Web } from '../web-apis.ts';
import { messageOf, OfflineSignal, PageError, shorten } from './errors.ts';
import type { FlowRun } from './flow-run.ts';
import { at, isObject, listAt, textAt } from './json.ts';

declare const web: Web;

export interface ApplicationRequest {
  readonly connectionId: string;
  readonly method: string;
  /** Appended to the connection's base URI. */
  readonly relativeURI: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | undefined;
  /** The runtime fills in `{{connection.…}}` in the address and the body. */
  readonly isFilled?: boolean;
}

export interface ApplicationAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

interface Reply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
  readonly bodyEncoding?: 'base64';
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
const SERVER_ERROR = 500;
/** A 500 is often caused by the request itself, so it is repeated less. */
const ATTEMPTS_AFTER_500 = 3;
/** Too many requests, or a gateway or restart in between. */
const BUSY = [429, 502, 503, 504];
/** The runtime marks the application's answers with this header. An answer without it is the runtime's own. */
const PROXIED = 'bulkhead-proxied';
/** In the runtime's own answer: it has no credentials for the connection. */
const CONNECTION = 'bulkhead-connection';
/** The runtime's errors that are worth another attempt. */
const TRANSIENT = [
  'connection_failed',
  'overloaded',
  'request_failed',
  'request_timeout',
  'rate_limited',
  'store_unavailable',
];

/**
 * Sends a request. Repeats it while the application is busy.
 *
 * @throws PageError `request_failed`, PauseSignal, OfflineSignal
 */
export async function send(run: FlowRun, request: ApplicationRequest): Promise<ApplicationAnswer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await sendOnce(request);
    if (!('problem' in answer)) {
      const { status } = answer;
      if (isRefusal(answer)) {
        throw new OfflineSignal(request.connectionId, `the application refused the credentials with status ${status}`);
      }
      const isRepeated = BUSY.includes(status) || (status === SERVER_ERROR && attempt < ATTEMPTS_AFTER_500);
      if (!isRepeated) return answer;
    }
    const message = 'problem' in answer ? answer.problem : `the application answered with status ${answer.status}`;
    try {
      await run.pauses.wait(pauseMs(answer, attempt), { code: 'request_failed', message });
    } catch (error) {
      // One record that the application cannot handle must not delay the whole page.
      if ('status' in answer && answer.status === SERVER_ERROR) return answer;
      throw error;
    }
  }
}

/** `problem`: why the application did not answer. */
async function sendOnce(request: ApplicationRequest): Promise<ApplicationAnswer | { readonly problem: string }> {
  const { connectionId, method, relativeURI, body, isFilled = false } = request;
  let reply: Reply;
  try {
    reply = (await web.request('fetch', {
      url: `/v1/connections/${encodeURIComponent(connectionId)}/proxy`,
      method: 'POST',
      headers: [
        ...request.headers,
        ['integrator-method', method],
        ['integrator-relative-uri', relativeURI],
        ...(isFilled ? [['integrator-templates', 'true']] : []),
      ],
      body: body ?? null,
    })) as Reply;
  } catch (error) {
    if (TRANSIENT.includes(String(at(error, 'code')))) return { problem: messageOf(error) };
    throw new PageError('request_failed', `${method} ${shorten(relativeURI, 200)}: ${messageOf(error)}`);
  }
  const headers = new Map<string, string>();
  for (const [name, value] of reply.headers) headers.set(name.toLowerCase(), value);
  const text = textOf(reply);
  if (headers.has(PROXIED)) return { status: reply.status, headers, text };
  const { code, message } = runtimeError(text);
  if (headers.get(CONNECTION) === 'offline') throw new OfflineSignal(connectionId, message);
  if (TRANSIENT.includes(code)) return { problem: message };
  throw new PageError('request_failed', `${method} ${shorten(relativeURI, 200)}: ${code}: ${message}`);
}

function textOf({ body, bodyEncoding }: Reply): string {
  if (body === null || bodyEncoding === undefined) return body ?? '';
  // Read other encodings byte by byte, to be able to quote them in an error.
  return atob(body);
}

function runtimeError(text: string): { readonly code: string; readonly message: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const [first] = listAt(parsed, 'errors');
  const message = textAt(first, 'message') ?? 'the runtime could not make the request';
  return { code: textAt(first, 'code') ?? 'request_failed', message: shorten(message) };
}

/** 403 usually means that a record is forbidden; with a challenge, it concerns the credentials (RFC 9110, 11.6.1). */
const isRefusal = ({ status, headers }: ApplicationAnswer): boolean =>
  status === 401 || (status === 403 && headers.has('www-authenticate'));

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfterMs({ headers }: ApplicationAnswer): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** The time in `Retry-After`, if any. From the second attempt on, at least our own backoff. */
function pauseMs(answer: ApplicationAnswer | { readonly problem: string }, attempt: number): number {
  const asked = 'headers' in answer ? retryAfterMs(answer) : undefined;
  if (asked === undefined) return backoffMs(attempt);
  return attempt === 1 ? asked : Math.max(asked, backoffMs(attempt - 1));
}

/** Exponential. A random half of it separates runs that failed together. */
function backoffMs(attempt: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return longest / 2 + (Math.random() * longest) / 2;
}

export const isSuccess = ({ status }: ApplicationAnswer): boolean => status >= 200 && status < 300;

/** The error text of an answer: at a path, or its beginning. */
export function problemIn({ status, text }: ApplicationAnswer, body: unknown, error: unknown): string {
  const said = isObject(error) || Array.isArray(error) ? JSON.stringify(error) : error;
  const shown = said ?? (typeof body === 'string' ? body : text);
  return shorten(`the application answered with status ${status}: ${shown}`);
}
