/**
 * `fetch` and its classes. The classes are undici's, as in Node, but without its lower layers (sockets,
 * dispatchers, compression): a request goes to the runtime as JSON text.
 */
// Must come first: the other modules use what it defines.
import 'undici/lib/web/fetch/response.js';

import { toBase64 } from '@exodus/bytes/base64.js';
import { File } from 'fetch-blob/file.js';
import { Blob } from 'fetch-blob/index.js';
import { FormData } from 'undici/lib/web/fetch/formdata.js';
import { Headers, HeadersList } from 'undici/lib/web/fetch/headers.js';
import { getRequestState, Request } from 'undici/lib/web/fetch/request.js';
import { fromInnerResponse, getResponseState, makeResponse, Response } from 'undici/lib/web/fetch/response.js';
import type { Web } from '../web-apis.ts';
import { RelativeUrl } from './node/globals.ts';
import { ReplyBody } from './reply-body.ts';

declare const web: Web & { readonly TextDecoder: typeof TextDecoder };

interface Body {
  readonly body: string | null;
  readonly bodyEncoding?: 'base64';
}

/** The runtime's reply. */
interface Reply extends Body {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly [name: string, value: string][];
  readonly redirected?: boolean;
}

/** Statuses of responses without a body. */
const bodiless: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

async function bodyOf(request: Request): Promise<Body> {
  const { body } = getRequestState(request);
  if (body === null) return { body: null };
  if (typeof body.source === 'string') return { body: body.source };
  const bytes = await request.bytes();
  try {
    return { body: new web.TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { body: toBase64(bytes), bodyEncoding: 'base64' };
  }
}

/** The default type of a text body. It is not sent to the runtime's own API, which then assumes JSON. */
const IMPLIED_TYPE = 'text/plain;charset=UTF-8';
const OWN_API = /^(?:https:\/\/api\.integrator\.io(?:[/?#]|$)|(?![a-z][a-z0-9+.-]*:))/i;

function headersOf(request: Request): [name: string, value: string][] {
  const headers = [...request.headers];
  return OWN_API.test(request.url)
    ? headers.filter(([name, value]) => name !== 'content-type' || value !== IMPLIED_TYPE)
    : headers;
}

async function send(request: Request): Promise<Response> {
  const reply = (await web.request('fetch', {
    url: request.url,
    method: request.method,
    headers: headersOf(request),
    ...(await bodyOf(request)),
    ...(request.redirect === 'follow' ? {} : { redirect: request.redirect }),
  })) as Reply;
  const headersList = new HeadersList();
  for (const [name, value] of reply.headers) headersList.append(name, value, false);
  const { status, statusText } = reply;
  const hasBody = !bodiless.has(status) && request.method !== 'HEAD';
  const body = hasBody && reply.body !== null ? new ReplyBody(reply.body, reply.bodyEncoding === 'base64') : null;
  const response = fromInnerResponse(
    makeResponse({ type: 'basic', status, statusText, headersList, body }),
    'immutable',
  );
  // With more than one URL in the list, the response counts as redirected.
  const address = new RelativeUrl(reply.url);
  getResponseState(response).urlList = reply.redirected === true ? [address, address] : [address];
  return response;
}

/** Aborting does not stop the request in the runtime. Its reply is ignored. */
export function fetch(...args: [input: string | URL | Request, init?: RequestInit]): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new Request(...args);
    const { signal } = request;
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    send(request).then(resolve, reject);
  });
}

export { Blob, File, FormData, Headers, Request, Response };
