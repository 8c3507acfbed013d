/** What of a reply is not as the contract has it. */
import { assertDescribed } from '../support/described.ts';
import type { FuzzRequest } from './requests.ts';
import type { FuzzReply } from './sender.ts';

/** Server errors that are no faults: no room or no time at the moment. */
const COME_AGAIN: readonly number[] = [503, 507];
/** Requests that never reach the API: Node itself refuses them. */
const UNREAD: readonly number[] = [400, 408, 413, 414, 431];

/** Of a larger head Node reads no more, and closes the connection while the body is still being sent. */
const HEAD_BYTES = 16 * 1024;

const headBytes = ({ target, headers }: FuzzRequest): number => target.length + headers.flat().join('  ').length;

/** @returns a sentence without anything that differs from one time to the next; nothing if all is well */
export function wrongWith(request: FuzzRequest, reply: FuzzReply): string | undefined {
  const { status, headers, text } = reply;
  const isProxied = /\/proxy(?:\?|$)/.test(request.target);
  if (status === 0) return headBytes(request) > HEAD_BYTES ? undefined : `no reply (${text})`;
  // A proxied reply is the application's, but for what is refused before.
  if (isProxied && status < 500) return undefined;
  if (status >= 500 && !COME_AGAIN.includes(status) && !(isProxied && status === 502))
    return `${status} ${text.slice(0, 200)}`;
  if (status === 503 && !headers.has('retry-after')) return '503 without Retry-After';
  const isUnread = UNREAD.includes(status) && !headers.has('x-request-id');
  if (!isUnread && !headers.has('x-request-id')) return `${status} without X-Request-Id`;
  if (status >= 400 && request.method !== 'HEAD') return wrongWithError(reply);
  return isRegular(request) && !isUnread ? wrongByDescription(request, reply) : undefined;
}

function wrongWithError({ status, headers, text, isCut = false }: FuzzReply): string | undefined {
  if (!headers.get('content-type')?.startsWith('application/json')) return `${status} is not JSON`;
  if (isCut) return `${status} with more than anybody reads`;
  const { errors } = parsed(text) as { errors?: unknown };
  const isRight = Array.isArray(errors) && errors.length > 0 && errors.every(isError);
  return isRight ? undefined : `${status} is not in the form of errors: ${text.slice(0, 200)}`;
}

function isError(item: unknown): boolean {
  const { code, message, field = '', ...more } = item as Record<string, unknown>;
  const isText = [code, message, field].every((part) => typeof part === 'string');
  return isText && code !== '' && message !== '' && Object.keys(more).length === 0;
}

function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Its path is as the description writes them: nothing in it that one reader takes for something else than another. */
function isRegular({ target }: FuzzRequest): boolean {
  const [path = ''] = target.split('?');
  const [, ...parts] = path.replace(/^\/v1(?=\/)/, '').split('/');
  return parts.every((part) => part !== '' && part !== 'v1' && !/^(?:\.|%2e)+$|[\\;]|%2f/i.test(part));
}

function wrongByDescription({ method, target }: FuzzRequest, reply: FuzzReply): string | undefined {
  if (reply.isCut === true || !DESCRIBED.includes(method)) return undefined;
  const isJson = reply.headers.get('content-type')?.startsWith('application/json') === true;
  try {
    assertDescribed(method, target, {
      ...reply,
      body: isJson && reply.text !== '' ? JSON.parse(reply.text) : undefined,
    });
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}
const DESCRIBED: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
