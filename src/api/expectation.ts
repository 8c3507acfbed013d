/** `Expect` (RFC 9110, 10.1.1): a client that wants to know whether its body is wanted before it sends it. */
import type { Context, Middleware } from 'koa';
import { requestError } from '../errors.ts';

/** A request that is refused before its body was asked for ends its connection: the body may still come. */
export const checkExpectation: Middleware = (ctx, next) => {
  const { expect } = ctx.req.headers;
  if (expect === undefined) return next();
  ctx.set('Connection', 'close');
  if (expect.toLowerCase() === '100-continue') return next();
  throw requestError('expectation_failed', { message: `Expect may be 100-continue, not ${expect.slice(0, 100)}.` });
};

/** Call when the body is about to be read. */
export function askForBody(ctx: Context): void {
  if (ctx.req.headers.expect === undefined) return;
  ctx.remove('Connection');
  ctx.res.writeContinue();
}
