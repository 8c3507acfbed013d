/** The texts of what a run asks for and gets: read and written at once where they are small, in the pool where not. */
import { isUtf8 } from 'node:buffer';
import { bufferOf } from '../work/thread-bytes.ts';
import { tasksOf } from '../work/work.ts';
import { type FetchRequest, fetchRequestIn } from './ask-texts.ts';
import { Denied } from './denied.ts';

/** A request whose body has been made bytes. */
export type AskedRequest = Omit<FetchRequest, 'body' | 'bodyEncoding'> & { readonly body: Buffer | null };

type Parsed = { readonly denied: string } | { readonly request: Omit<AskedRequest, 'body'>; readonly text?: Buffer };

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** @returns the request, its body as `text` apart, or why it is none */
function parse({ text }: { readonly text: string }): Parsed {
  try {
    const { body, bodyEncoding, ...request } = fetchRequestIn(text);
    if (body === null) return { request };
    if (bodyEncoding === 'base64' && (body.length % 4 !== 0 || !BASE64.test(body))) {
      return { denied: 'The body is not base64.' };
    }
    return { request, text: Buffer.from(body, bodyEncoding ?? 'utf8') };
  } catch (error) {
    if (error instanceof Denied) return { denied: error.message };
    throw error;
  }
}

/** A response without its body, and that: text if it is UTF-8, so that nothing is lost either way, base64 otherwise. */
function write({ head, moved }: { readonly head: object; readonly moved: Uint8Array }): { readonly text: Buffer } {
  const bytes = bufferOf(moved);
  const shown = isUtf8(bytes)
    ? { body: bytes.toString('utf8') }
    : { body: bytes.toString('base64'), bodyEncoding: 'base64' };
  return { text: Buffer.from(JSON.stringify({ value: { ...head, ...shown } })) };
}

export const tasks = tasksOf(import.meta.url, { parse, write });
