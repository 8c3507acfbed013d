/** Conditional requests (RFC 9110, 13). */
import { hash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { requestError } from '../errors.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';

type Condition = 'If-Match' | 'If-None-Match';
const conditions: readonly Condition[] = ['If-Match', 'If-None-Match'];

/** Entity tags, or `*` alone; empty without the header. Our tags have no commas. */
function tagsIn(ctx: Context, condition: Condition): string[] {
  return ctx
    .get(condition)
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

export const isConditional = ({ req: { headers } }: Context): boolean =>
  headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;

/** An empty condition is a mistake, and anything would meet it. */
export const refuseEmptyConditions: Middleware = (ctx, next) => {
  if (!isConditional(ctx)) return next();
  for (const condition of conditions) {
    if (ctx.req.headers[condition.toLowerCase()] === undefined) continue;
    const tags = tagsIn(ctx, condition);
    if (tags.length === 0) throw requestError('bad_request', { message: `${condition} is empty.` });
    if (tags.includes('*') && tags.length > 1) {
      throw requestError('bad_request', { message: `${condition} is * or a list of entity tags, not both.` });
    }
  }
  return next();
};

/**
 * Checks the conditions of a write.
 *
 * @param etag of the current representation; undefined if there is none
 * @throws RequestError 412
 */
export function assertPreconditions(ctx: Context, etag: string | undefined): void {
  const tags = tagsIn(ctx, 'If-Match');
  // Strong comparison (RFC 9110, 8.8.3.2): a weak tag, which begins with W/, never matches.
  const isMatch = etag !== undefined && (tags.includes('*') || tags.includes(etag));
  if (tags.length > 0 && !isMatch) throw requestError('precondition_failed');
  if (etag !== undefined && matchesWeakly(tagsIn(ctx, 'If-None-Match'), etag)) {
    throw requestError('precondition_failed', { message: 'If-None-Match excludes the current version.' });
  }
}

/** Whether a read's client has this representation already: reply 304. */
export function isNotModified(ctx: Context, etag: string): boolean {
  const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
  return isRead && matchesWeakly(tagsIn(ctx, 'If-None-Match'), etag);
}

const matchesWeakly = (tags: readonly string[], etag: string): boolean =>
  tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);

/** The entity tag of a state's value; undefined without a value. */
export function stateEtagOf(unit: UnitOfWork, key: string): string | undefined {
  const value = unit.state.get(key);
  if (!value) return undefined;
  const digest = hash('sha256', value.json, 'base64url').slice(0, 16);
  return `"${unit.stateRevisionOf(key).toString(36)}-${digest}"`;
}
