/** Conditional requests (RFC 9110, 13). */
import { hash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { requestError } from '../errors.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';

type Condition = 'If-Match' | 'If-None-Match';
const conditions: readonly Condition[] = ['If-Match', 'If-None-Match'];

/** Entity tags, or `*` alone; none if the header was not sent. Our tags hold no commas. */
function tagsIn(ctx: Context, condition: Condition): string[] {
  return ctx
    .get(condition)
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** An empty condition would be met by anything, and is a mistake. */
export const refuseEmptyConditions: Middleware = (ctx, next) => {
  for (const condition of conditions) {
    const isSent = ctx.req.headers[condition.toLowerCase()] !== undefined;
    if (!isSent) continue;
    const tags = tagsIn(ctx, condition);
    if (tags.length === 0) throw requestError('bad_request', { message: `${condition} is empty.` });
    if (tags.includes('*') && tags.length > 1) {
      throw requestError('bad_request', { message: `${condition} is * or a list of entity tags, not both.` });
    }
  }
  return next();
};

/**
 * Checks the conditions of a request that writes.
 *
 * @param etag of what is there; undefined if nothing is
 * @throws RequestError 412
 */
export function assertPreconditions(ctx: Context, etag: string | undefined): void {
  const wanted = tagsIn(ctx, 'If-Match');
  // The comparison is strong (RFC 9110, 8.8.3.2): a weak tag, which begins with W/, equals no other.
  const isWanted = etag !== undefined && (wanted.includes('*') || wanted.includes(etag));
  if (wanted.length > 0 && !isWanted) throw requestError('precondition_failed');
  if (etag !== undefined && isNamedWeakly(tagsIn(ctx, 'If-None-Match'), etag)) {
    throw requestError('precondition_failed', { message: 'There is already what If-None-Match excludes.' });
  }
}

/** Whether the client has what it asks for already. */
export function isKnown(ctx: Context, etag: string): boolean {
  const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
  return isRead && isNamedWeakly(tagsIn(ctx, 'If-None-Match'), etag);
}

const isNamedWeakly = (tags: readonly string[], etag: string): boolean =>
  tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);

/** Of a key of the state; undefined if there is none. */
export function stateEtagOf(unit: UnitOfWork, key: string): string | undefined {
  const value = unit.state.get(key);
  if (!value) return undefined;
  const digest = hash('sha256', value.json, 'base64url').slice(0, 16);
  return `"${unit.stateRevisionOf(key).toString(36)}-${digest}"`;
}
