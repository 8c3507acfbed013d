/** Parses a run's requests and serializes its responses. Large ones are handled in the pool. */
import { isUtf8 } from 'node:buffer';
import { bufferOf } from '../work/thread-bytes.ts';
import { tasksOf } from '../work/work.ts';
import { BrokerError } from './broker-error.ts';
import { type FetchRequest, parseFetchRequest } from './fetch-request.ts';

/** A request with its body as bytes. */
export type DecodedRequest = Omit<FetchRequest, 'body' | 'bodyEncoding'> & { readonly body: Buffer | null };

type ParseResult =
  | { readonly denied: string }
  | { readonly request: Omit<DecodedRequest, 'body'>; readonly text?: Buffer };

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** @returns the request, with its body apart in `text`; or why it is not valid */
function parse({ text }: { readonly text: string }): ParseResult {
  try {
    const { body, bodyEncoding, ...request } = parseFetchRequest(text);
    if (body === null) return { request };
    if (bodyEncoding === 'base64' && (body.length % 4 !== 0 || !BASE64.test(body))) {
      return { denied: 'The body is not base64.' };
    }
    return { request, text: Buffer.from(body, bodyEncoding ?? 'utf8') };
  } catch (error) {
    if (error instanceof BrokerError) return { denied: error.message };
    throw error;
  }
}

/** @param moved the body: sent as text if it is UTF-8, otherwise as base64, so that no byte is lost */
function write({ head, moved }: { readonly head: object; readonly moved: Uint8Array }): { readonly text: Buffer } {
  const bytes = bufferOf(moved);
  const encoded = isUtf8(bytes)
    ? { body: bytes.toString('utf8') }
    : { body: bytes.toString('base64'), bodyEncoding: 'base64' };
  return { text: Buffer.from(JSON.stringify({ value: { ...head, ...encoded } })) };
}

export const tasks = tasksOf(import.meta.url, { parse, write });
