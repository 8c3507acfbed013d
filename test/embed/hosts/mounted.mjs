/** Asks a server that has the runtime in it what a browser and a client ask. */
import { once } from 'node:events';
import { say as sayOf } from './parts.mjs';

let found;

export async function check(runtime, server, integrationId, answer) {
  if (!server.listening) await once(server, 'listening');
  const base = `http://localhost:${server.address().port}`;
  const headers = { authorization: `Bearer ${runtime.newToken}`, 'content-type': 'application/json' };
  const call = (body, given = headers) =>
    fetch(`${base}/v1/integrations/${integrationId}/settings/greet`, { method: 'PUT', headers: given, body });
  const page = await fetch(base);
  const text = await page.text();
  const [, address] = /<script[^>]+src="([^"]+)"/.exec(text);
  const script = await fetch(new URL(address, `${base}/`));
  await script.text();
  const called = await call(JSON.stringify({ name: 'Grace' }));
  const codeOf = async (response) => [response.status, (await response.json()).errors[0].code];
  const own = await fetch(`${base}/hello`, { headers });
  found = {
    answer,
    page: [page.status, page.headers.get('content-type'), text.includes('<html')],
    script: [script.status, script.headers.get('content-type')],
    called: [called.status, await called.json()],
    withoutToken: await codeOf(await call('{}', { 'content-type': 'application/json' })),
    invalid: await codeOf(await call('{')),
    own: own.ok ? [own.status, await own.text()] : [own.status],
  };
}

export const say = () => sayOf(found);
