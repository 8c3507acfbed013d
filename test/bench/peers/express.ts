/** Express, doing the same without any sandbox. */
import type { AddressInfo } from 'node:net';
import express from 'express';

const app = express();
app.use(express.json({ limit: '1mb' }));
const echo = (options: unknown): unknown => options;
app.put('/', (request, response) => {
  response.json(echo(request.body));
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
