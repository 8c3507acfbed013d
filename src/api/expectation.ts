/** `Expect: 100-continue` (RFC 9110, 10.1.1): the client waits for a go-ahead before it sends its body. */
import type { Context, Middleware } from 'koa';
import { requestError } from '../errors.ts';

/** A request refused before its body was asked for closes the connection: the body may still come. */
export const checkExpectation: Middleware = (ctx, next) => {
  const { expect } = ctx.req.headers;
  if (expect === undefined) return next();
  ctx.set('Connection', 'close');
  if (expect.toLowerCase() === '100-continue') return next();
  throw requestError('expectation_failed', { message: `Expect may be 100-continue, not ${expect.slice(0, 100)}.` });
};

/** Tells the client to send its body. Call before reading it. */
export function askForBody(ctx: Context): void {
  if (ctx.req.headers.expect === undefined) return;
  ctx.remove('Connection');
  ctx.res.writeContinue();
}
