/** The dashboard's page and assets: what a browser gets, and what someone probing paths gets. */
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import Koa from 'koa';
import { expect, onTestFinished, test } from 'vitest';
import { servePage } from '../../src/api/page.ts';
import { createClient, errorsOf } from '../support/client.ts';
import { temporaryFolder } from '../support/folders.ts';
import { serve, TOKEN } from '../support/runtime.ts';

const built = fileURLToPath(new URL('../../src/dashboard/built', import.meta.url));

interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
/** Sends the path unchanged: `fetch` would normalize it, and decompress the body. */
function ask(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Raw> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, method, headers: { host: 'localhost', ...headers } }, async (response) => {
      const body = Buffer.concat(await response.toArray());
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    })
      .on('error', reject)
      .end();
  });
}
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

test('the page needs no token and has strict headers', async () => {
  const { runtime } = await serve();
  const page = await ask(runtime.url, '/', BROWSER);
  expect([page.status, String(page.body)]).toEqual([200, await readFile(join(built, 'index.html'), 'utf8')]);
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': CSP,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cache-control': 'no-cache',
    etag: expect.stringMatching(/^"[^"]+"$/),
  });
  expect((await ask(runtime.url, '/?x=1', { accept: '*/*' })).body).toEqual(page.body);
  expect((await ask(runtime.url, '/')).body).toEqual(page.body);

  const head = await ask(runtime.url, '/', BROWSER, 'HEAD');
  expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, String(page.body.length)]);
  const known = await ask(runtime.url, '/', { ...BROWSER, 'if-none-match': String(page.headers.etag) });
  expect([known.status, known.body.length, known.headers.etag]).toEqual([304, 0, page.headers.etag]);
  expect((await ask(runtime.url, '/', { ...BROWSER, 'if-none-match': '"other"' })).status).toBe(200);
});

test('every built file is served, and refers to nothing that the policy forbids', async () => {
  const { runtime } = await serve();
  const entries = await readdir(built, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const { status, body, headers } = await ask(runtime.url, `/dashboard/${file.slice(built.length + 1)}`);
    expect([status, headers['content-security-policy']], file).toEqual([200, CSP]);
    expect(body.equals(await readFile(file)), file).toBe(true);
  }
  const index = await readFile(join(built, 'index.html'), 'utf8');
  expect(index).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i);
});

test('assets: types, gzip, caching by name; all read once, from one build', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'assets'));
  const script = 'export const text = "ä";\n'.repeat(200);
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>ä</title>');
  await writeFile(join(folder, 'assets', 'main-Dk3fA_9x.js'), script);
  await writeFile(join(folder, 'main-settings.css'), 'a{}'.repeat(100));
  await writeFile(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  const app = new Koa();
  app.use(servePage(folder));
  const server = app.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;

  const plain = await ask(url, '/dashboard/assets/main-Dk3fA_9x.js');
  expect([String(plain.body), plain.headers['content-encoding']]).toEqual([script, undefined]);
  expect(plain.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'Accept-Encoding',
  });
  const zipped = await ask(url, '/dashboard/assets/main-Dk3fA_9x.js', { 'accept-encoding': 'gzip, deflate, br' });
  expect([zipped.headers['content-encoding'], String(gunzipSync(zipped.body))]).toEqual(['gzip', script]);
  expect(zipped.headers.etag).not.toBe(plain.headers.etag);
  const refusing = await ask(url, '/dashboard/assets/main-Dk3fA_9x.js', { 'accept-encoding': 'gzip;q=0, identity' });
  expect(refusing.headers['content-encoding']).toBeUndefined();

  expect((await ask(url, '/dashboard/main-settings.css')).headers).toMatchObject({
    'content-type': 'text/css; charset=utf-8',
    'cache-control': 'no-cache',
  });
  const logo = await ask(url, '/dashboard/logo.svg', { 'accept-encoding': 'gzip' });
  expect([logo.headers['content-type'], logo.headers['cache-control']]).toEqual(['image/svg+xml', 'no-cache']);

  await writeFile(join(folder, 'index.html'), 'of another build');
  expect(String((await ask(url, '/')).body)).toBe('<!doctype html><title>ä</title>');
});

test('nothing but built files is served: no path leads out of the folder', async () => {
  const { runtime } = await serve();
  for (const path of [
    '/dashboard/../../package.json',
    '/dashboard/../../../package.json',
    '/dashboard/%2e%2e/%2e%2e/package.json',
    '/dashboard/..%2f..%2fpackage.json',
    '/dashboard/%252e%252e/package.json',
    '/dashboard/..\\..\\package.json',
    '/dashboard/..%5c..%5cpackage.json',
    '/dashboard//etc/passwd',
    '/dashboard/index.html%00.js',
    '/dashboard/index.html/',
    '/dashboard/./index.html',
    '/dashboard/INDEX.HTML',
    '/dashboard/nowhere.js',
    '/dashboard/__proto__',
    '/dashboard/constructor',
    `/dashboard/${'a/'.repeat(1_000)}`,
  ]) {
    const { status, body } = await ask(runtime.url, path, BROWSER);
    expect([status, JSON.parse(String(body)).errors[0].code], path).toEqual([404, 'not_found']);
  }
});

test('only GET and HEAD; no page under /v1; API clients get the API', async () => {
  const { client, runtime } = await serve();
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    for (const path of ['/', '/dashboard/index.html']) {
      const reply = await client(method, path);
      expect([reply.status, errorsOf(reply), reply.headers.get('allow')], method + path).toEqual([
        405,
        [['method_not_allowed']],
        'GET, HEAD',
      ]);
    }
  }
  const json = { accept: 'application/json' };
  expect(errorsOf(await client('GET', '/', undefined, json))).toEqual([['not_found']]);
  expect(errorsOf(await createClient(runtime.url, undefined)('GET', '/', undefined, json))).toEqual([['unauthorized']]);
  for (const path of ['/v1', '/v1/', '/v1/dashboard/index.html']) expect((await client('GET', path)).status).toBe(404);
  for (const path of ['/dashboard', '/dashboard/']) {
    const { status, headers } = await ask(runtime.url, path, BROWSER);
    const target = new URL(String(headers.location), `http://localhost/under${path}`);
    expect([status, target.pathname], path).toEqual([302, '/under/']);
  }
});

test('a foreign Host gets no page', async () => {
  const { runtime } = await serve();
  for (const path of ['/', '/dashboard/index.html']) {
    const headers = { ...BROWSER, host: 'evil.example', authorization: `Bearer ${TOKEN}` };
    expect((await ask(runtime.url, path, headers)).status).toBe(403);
  }
});
