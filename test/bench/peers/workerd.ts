/** miniflare: Cloudflare's workerd in a process of its own, an isolate in it. */
import { Miniflare } from 'miniflare';
import { serve, wrapped } from './serve.ts';

const miniflare = new Miniflare({
  modules: true,
  script: `const call = ${wrapped}; export default { fetch: async (request) => new Response(call(await request.text())) };`,
});
await miniflare.ready;
serve(async (body) => (await miniflare.dispatchFetch('http://worker/', { method: 'POST', body })).text());
