/** The route that every peer stands behind: koa, the body as text, a call, its answer. */
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import rawBody from 'raw-body';

/** The connector's function, as source text of a CommonJS module. */
export const CODE = 'exports.echo = (options) => options;';

/** @param call takes and gives JSON text: what crosses a wall is text there as here */
export function serve(call: (text: string) => string | Promise<string>): void {
  const app = new Koa();
  app.use(async (ctx) => {
    const text = String(await rawBody(ctx.req));
    JSON.parse(text);
    ctx.type = 'application/json';
    ctx.body = await call(text);
  });
  const server = app.listen(0, '127.0.0.1', () => {
    process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  });
}

/** Makes a function that takes and gives JSON text out of the module's. */
export const wrapped = `(() => { const exports = {}; ${CODE}
  return (text) => JSON.stringify(exports.echo(JSON.parse(text))); })()`;
