/** The least that koa can do with the same request: parse the JSON, answer it. */
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import rawBody from 'raw-body';

const app = new Koa();
app.use(async (ctx) => {
  ctx.body = JSON.parse(String(await rawBody(ctx.req)));
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
