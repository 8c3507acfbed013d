/** Mounted under a path, as docs/embedding.md says: whether what it answers leads there. */
import { once } from 'node:events';
import { createRuntime } from 'bulkhead';
import express from 'express';
import fastify from 'fastify';
import { echo, folders, say, TOKEN } from './parts.mjs';

const PREFIX = '/tools/bulkhead';
const hosts = {
  async express(runtime) {
    const app = express();
    app.use(PREFIX, runtime.callback());
    const server = app.listen(0);
    await once(server, 'listening');
    return server;
  },
  async fastify(runtime) {
    const app = fastify();
    app.register(
      async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
        scope.all('/*', (request, reply) => {
          reply.hijack();
          request.raw.url = request.raw.url.slice(PREFIX.length);
          runtime.callback()(request.raw, reply.raw);
        });
      },
      { prefix: PREFIX },
    );
    await app.listen({ port: 0 });
    return app.server;
  },
};

const found = {};
for (const [name, mount] of Object.entries(hosts)) {
  const runtime = await createRuntime({ ...folders(name), publicUrl: `https://example.com${PREFIX}` });
  await echo(runtime, 'there');
  const server = await mount(runtime);
  const base = `http://127.0.0.1:${server.address().port}${PREFIX}`;
  const ask = (path, method = 'GET', body = undefined) =>
    fetch(base + path, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${TOKEN}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body } : {}),
    });
  const made = await ask('/v1/integrations', 'POST', '{"name":"made"}');
  const list = await ask('/v1/integrations?limit=1');
  const page = await (await fetch(`${base}/`)).text();
  const [, script] = /<script[^>]+src="([^"]+)"/.exec(page);
  const dashboard = await ask('/dashboard');
  const plain = name === 'express' ? await ask('?a=1') : undefined;
  found[name] = {
    made: [made.status, made.headers.get('location').replace(/[0-9a-f]{24}$/, 'id')],
    next: list.headers.get('link').replace(/cursor=[^>]*/, 'cursor'),
    script: (await fetch(new URL(script, `${base}/`))).status,
    dashboard: new URL(dashboard.headers.get('location'), dashboard.url).pathname,
    ...(plain ? { plain: new URL(plain.headers.get('location'), plain.url).href.replace(base, '') } : {}),
  };
  server.close();
  server.closeAllConnections();
  await runtime.close();
}
say(found);
