/** The clients of `http` and `https` in a bundle, over a runtime's own requests, beside Node's. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { writeFiles } from '../../src/author/project-build.ts';
import { temporaryFolder } from '../support/folders.ts';
import { httpServer } from '../support/outbound.ts';
import { built, projectOf } from '../support/project.ts';
import { installed as installIn, serve } from '../support/runtime.ts';

const CLIENT = `
import http, { Agent, get } from 'node:http';
import https from 'https';
import { Readable } from 'node:stream';

const outcome = (make) => new Promise((resolve) => {
  const events = [];
  const request = make((response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (piece) => { text += piece; });
    response.on('end', () => resolve([response.statusCode, response.statusMessage, response.headers['x-multiple'], response.headers['set-cookie'], response.headers['content-encoding'], text, response.complete, events]));
  });
  request.on('error', (error) => resolve([error.code, events]));
  request.on('timeout', () => { events.push('timeout'); request.destroy(); });
  request.on('socket', () => events.push('socket'));
});

export default async ({ url, closed }) => [
  await outcome((on) => get(url + '/echo?a=1', on)),
  await outcome((on) => http.request(url + '/echo', { method: 'POST', headers: { 'X-A': ['1', '2'], Cookie: 'c=d' }, auth: 'u:p', agent: new Agent({ keepAlive: true }) }, on).end('grün')),
  await outcome((on) => { const { hostname, port } = new URL(url); const request = http.request({ hostname, port, path: '/echo', method: 'PUT' }, on); Readable.from(['a', 'b', Buffer.from('ü')]).pipe(request); return request; }),
  await outcome((on) => { const request = http.request(url + '/echo', { method: 'DELETE' }, on); request.setHeader('x-b', 'c'); request.removeHeader('X-B'); request.setHeader('X-C', 5); request.end(); return request; }),
  await outcome((on) => get(url + '/redirect', on)),
  await outcome((on) => get(url + '/status/500', on)),
  await outcome((on) => get(url + '/slow', { timeout: 30 }, on)),
  await outcome((on) => { const request = get(url + '/slow', on); request.setTimeout(30); return request; }),
  await outcome((on) => { const request = get(url + '/slow', on); setTimeout(() => request.abort(), 20); return request; }),
  await outcome((on) => { const controller = new AbortController(); setTimeout(() => controller.abort(), 20); return get(url + '/slow', { signal: controller.signal }, on); }),
  await outcome((on) => get(closed, on)),
  await outcome((on) => get(url + '/cut', on)),
  await outcome((on) => https.get(closed.replace('http:', 'https:'), on)),
  (() => { try { http.request({ path: '/a b' }); } catch (error) { return error.code; } })(),
  (() => { try { http.request(url, { headers: { 'x-a': 'b\\r\\nc' } }).on('error', () => {}); } catch (error) { return error.code; } })(),
  http.STATUS_CODES[404], http.METHODS.includes('PATCH'), typeof https.globalAgent,
];
`;

test('requests, replies and errors are those of Node', { timeout: 60_000 }, async () => {
  const requests: unknown[] = [];
  const port = await httpServer(async (request, response) => {
    const { method, url = '', headers } = request;
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const { cookie, authorization, 'x-a': a, 'x-b': b, 'x-c': c } = headers;
    if (!/slow|cut/.test(url)) requests.push({ method, url, body, cookie, authorization, a, b, c });
    if (url === '/slow') return;
    if (url === '/cut') return void request.socket.destroy();
    if (url === '/redirect') return void response.writeHead(302, { location: '/echo' }).end('see there');
    if (url === '/status/500') return void response.writeHead(500).end('broken');
    response.writeHead(200, [...['x-multiple', 'a', 'x-multiple', 'b', 'set-cookie', 'c=1', 'set-cookie', 'd=2']]);
    response.end(`${method} ${body}`);
  });
  const [url, closed] = [`http://127.0.0.1:${port}`, 'http://127.0.0.1:1'];
  const fetch = [url, closed, closed.replace('http:', 'https:')];
  const folder = await projectOf(
    {
      'src/client.js': CLIENT,
      'src/index.js': `import run from './client.js'; export const utilities = { run: async (given) => JSON.parse(JSON.stringify(await run(given))) };`,
    },
    { permissions: { fetch } },
  );
  const { default: run } = await import(pathToFileURL(join(folder, 'src/client.js')).href);
  const inNode = JSON.parse(JSON.stringify(await run({ url, closed })));
  const nodeRequests = requests.splice(0);

  const { bundle } = await built(folder);
  const connectors = await temporaryFolder();
  await mkdir(join(connectors, 'shop'));
  await writeFiles(bundle?.files ?? new Map(), join(connectors, 'shop'));
  const { client } = await serve({}, { connectors, allowPrivateNetwork: '127.0.0.1' });
  const id = await installIn(client, 'shop');
  const { body } = await client('PUT', `/integrations/${id}/utilities/run`, { url, closed });
  expect(body).toEqual(inNode);
  expect(requests).toEqual(nodeRequests);
  expect(requests.length).toBeGreaterThan(4);
});
