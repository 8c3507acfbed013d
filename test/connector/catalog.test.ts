/** Adding, replacing, breaking and removing bundles while a runtime watches the folder. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Catalog } from '../../src/connector/catalog.ts';
import { PermissionStore } from '../../src/connector/permission-store.ts';
import { requestError } from '../../src/errors.ts';
import type { Client } from '../support/client.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { installed, serve, serveForAll } from '../support/runtime.ts';
import { memoryStorage } from '../support/storages.ts';

const answering = (answer: string): string => `exports.utilities = { f: () => ${JSON.stringify(answer)} }`;

async function rowsOf(client: Client): Promise<Record<string, Record<string, unknown>>> {
  const { body } = await client('GET', '/connectors');
  return Object.fromEntries(body.map((row: { name: string }) => [row.name, row]));
}
const within = { timeout: 60_000, interval: 20 };
const shared = serveForAll();

// Most of the time goes into starting processes on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

test('an added bundle loads, a replaced one swaps, a removed one unloads', async () => {
  const { client, connectors } = await shared.serve({});
  expect(await rowsOf(client)).toEqual({});
  await writeBundle(connectors, 'a', { code: answering('one') });
  await vi.waitFor(
    async () => expect((await rowsOf(client)).a).toMatchObject({ status: 'ready', version: '1.0.0' }),
    within,
  );
  const id = await installed(client, 'a');
  const call = async () => (await client('PUT', `/integrations/${id}/utilities/f`)).body;
  expect(await call()).toBe('one');

  await writeBundle(connectors, 'a', { manifest: { version: '1.1.0' }, code: answering('two') });
  await vi.waitFor(async () => expect((await rowsOf(client)).a).toMatchObject({ version: '1.1.0' }), within);
  expect(await call()).toBe('two');

  await rm(join(connectors, 'a'), { recursive: true });
  await vi.waitFor(async () => expect(await rowsOf(client)).toEqual({}), within);
  const gone = await client('PUT', `/integrations/${id}/utilities/f`);
  expect([gone.status, gone.body.errors[0].code]).toEqual([422, 'connector_unavailable']);
});

test('a bundle moved into the folder loads; names starting with . or _ are skipped', async () => {
  const { client, connectors } = await serve();
  const elsewhere = await temporaryFolder();
  for (const name of ['moved', '.hidden', '_private']) {
    await writeBundle(elsewhere, name, { code: answering('x') });
    await rename(join(elsewhere, name), join(connectors, name));
  }
  await writeFile(join(connectors, 'README.md'), 'no bundle');
  await vi.waitFor(async () => expect(Object.keys(await rowsOf(client))).toEqual(['moved']), within);
});

test.each([
  ['a syntax error', (folder: string) => writeFile(join(folder, 'index.js'), 'exports.utilities = {'), 'main'],
  ['a throw at load', (folder: string) => writeFile(join(folder, 'index.js'), 'throw new Error("at load")'), 'main'],
  ['an endless loop at load', (folder: string) => writeFile(join(folder, 'index.js'), 'for (;;);'), 'main'],
  ['half a manifest', (folder: string) => writeFile(join(folder, 'package.json'), '{"name":'), 'package.json'],
  ['no main', (folder: string) => rm(join(folder, 'index.js')), 'main'],
])('with %s the last good version stays in use and the listing says why', async (_what, damage, field) => {
  const { client, connectors } = await shared.serve({ a: { code: answering('good') } });
  const id = await installed(client, 'a');
  await damage(join(connectors, 'a'));
  await vi.waitFor(async () => expect((await rowsOf(client)).a).toMatchObject({ errors: [{ field }] }), within);
  expect((await rowsOf(client)).a).toMatchObject({ status: 'ready', version: '1.0.0' });
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('good');

  await writeBundle(connectors, 'a', { manifest: { version: '1.0.1' }, code: answering('mended') });
  await vi.waitFor(async () => expect((await rowsOf(client)).a).toMatchObject({ version: '1.0.1' }), within);
  expect((await rowsOf(client)).a).not.toHaveProperty('errors');
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('mended');
});

test('a bundle that never loaded is invalid and cannot be installed', async () => {
  const { client } = await serve({ bad: { code: 'nonsense(' }, worse: { manifest: { version: 5 }, code: '' } });
  const rows = await rowsOf(client);
  expect(rows.bad).toMatchObject({ status: 'invalid', errors: [{ field: 'main' }] });
  expect(rows.worse).toMatchObject({ status: 'invalid', errors: [{ field: 'version' }] });
  expect(rows.bad).not.toHaveProperty('digest');
  const reply = await client('POST', `/integrations/${rows.bad?._id}/install`);
  expect([reply.status, reply.body.errors[0].code]).toEqual([422, 'connector_unavailable']);
});

test('a fixed bundle is neither refused nor ready while it is checked, and an install waits for the check', async () => {
  const { client, connectors } = await serve({ late: { code: 'nonsense(' } });
  const { _id } = (await rowsOf(client)).late as { _id: string };
  const code = `for (const end = Date.now() + 500; Date.now() < end;); ${answering('late')}`;
  await writeBundle(connectors, 'late', { manifest: { version: '2.0.0' }, code });
  await vi.waitFor(async () => expect(await rowsOf(client)).toEqual({}), within);
  expect((await client('POST', `/integrations/${_id}/install`)).body).toMatchObject({ version: '2.0.0' });
  expect((await rowsOf(client)).late).toMatchObject({ status: 'ready' });
});

test('of two bundles with the same id the later is refused, and takes over when the first is removed', async () => {
  const connector = { _id: 'c'.repeat(24) };
  const { client, connectors } = await serve({
    first: { connector, code: answering('first') },
    second: { connector, code: answering('second') },
  });
  const rows = await rowsOf(client);
  expect(rows.first).toMatchObject({ status: 'ready' });
  expect(rows.second).toMatchObject({
    status: 'invalid',
    errors: [{ field: 'connector._id', message: expect.stringContaining('first') }],
  });
  const one = await client('GET', `/connectors/${'c'.repeat(24)}`);
  expect(one.body.name).toBe('first');
  await rm(join(connectors, 'first'), { recursive: true });
  await vi.waitFor(async () => expect((await rowsOf(client)).second).toMatchObject({ status: 'ready' }), within);
});

test('an empty folder, and names that are not ASCII', async () => {
  const { client, connectors } = await serve({ Größe: { manifest: { name: 'größe' }, code: answering('ü') } });
  await mkdir(join(connectors, 'empty'));
  await vi.waitFor(async () => expect((await rowsOf(client)).empty).toMatchObject({ status: 'invalid' }), within);
  const id = await installed(client, 'größe');
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('ü');
});

test('runs finish with the code they started with', async () => {
  const slow = (answer: string): string =>
    `exports.utilities = { f: () => new Promise((resolve) => setTimeout(resolve, 1500, ${JSON.stringify(answer)})) }`;
  const { client, connectors } = await shared.serve({ a: { code: slow('old') } });
  const id = await installed(client, 'a');
  const running = client('PUT', `/integrations/${id}/utilities/f`);
  await writeBundle(connectors, 'a', { manifest: { version: '2.0.0' }, code: slow('new') });
  await vi.waitFor(async () => expect((await rowsOf(client)).a).toMatchObject({ version: '2.0.0' }), within);
  expect((await running).body).toBe('old');
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('new');
});

test('a new version that exhausts memory does not harm runs of the good one', async () => {
  const { client, connectors } = await shared.serve({
    a: { code: 'exports.utilities = { f: () => new Promise((resolve) => setTimeout(resolve, 3000, "good")) }' },
  });
  const id = await installed(client, 'a');
  const running = client('PUT', `/integrations/${id}/utilities/f`);
  await writeBundle(connectors, 'a', {
    manifest: { version: '2.0.0' },
    code: 'const a = []; for (;;) a.push(new Array(1e6).fill(1.5));',
  });
  await vi.waitFor(async () => expect((await rowsOf(client)).a).toMatchObject({ errors: [{ field: 'main' }] }), within);
  const { status, body } = await running;
  expect([status, body]).toEqual([200, 'good']);
});

test('a bundle that loads slowly does not delay others', async () => {
  const { client, connectors } = await serve();
  const code = 'for (const end = Date.now() + 1_200; Date.now() < end; ); throw new Error();';
  for (const name of ['slow1', 'slow2', 'slow3']) await writeBundle(connectors, name, { code });
  await writeBundle(connectors, 'quick', { code: answering('x') });
  await vi.waitFor(async () => expect((await rowsOf(client)).quick).toMatchObject({ status: 'ready' }), within);
  expect(Object.keys(await rowsOf(client))).not.toContain('slow1');
  await vi.waitFor(async () => expect((await rowsOf(client)).slow1).toMatchObject({ status: 'invalid' }), within);
});

test('a bundle refused for its id loads once the other bundle changes its id', async () => {
  const connector = { _id: 'c'.repeat(24) };
  const { client, connectors } = await serve({
    first: { connector, code: answering('first') },
    second: { connector, code: answering('second') },
  });
  expect((await rowsOf(client)).second).toMatchObject({ status: 'invalid' });
  await writeBundle(connectors, 'first', { connector: { _id: 'd'.repeat(24) }, code: answering('first') });
  await vi.waitFor(async () => expect((await rowsOf(client)).second).toMatchObject({ status: 'ready' }), within);
  expect((await rowsOf(client)).first).toMatchObject({ status: 'ready', _id: 'd'.repeat(24) });
});

test('a change in a subfolder is noticed', async () => {
  const { client, connectors } = await serve();
  const main = join(connectors, 'a', 'dist', 'lib', 'deep', 'index.js');
  await writeBundle(connectors, 'a', { manifest: { main: 'dist/lib/deep/index.js' }, code: '' });
  await mkdir(join(main, '..'), { recursive: true });
  await writeFile(main, answering('one'));
  await vi.waitFor(async () => expect((await rowsOf(client)).a).toMatchObject({ status: 'ready' }), within);
  const { digest } = (await rowsOf(client)).a ?? {};
  await writeFile(main, answering('two'));
  await vi.waitFor(async () => expect((await rowsOf(client)).a?.digest).not.toBe(digest), within);
});

test("the bundles' folder may disappear and come back, and a runtime may close during a check", async () => {
  const { client, connectors, runtime } = await serve({ a: { code: answering('x') } });
  await rm(connectors, { recursive: true });
  await vi.waitFor(async () => expect(await rowsOf(client)).toEqual({}), within);
  await writeBundle(connectors, 'b', { code: answering('y') });
  await vi.waitFor(async () => expect((await rowsOf(client)).b).toMatchObject({ status: 'ready' }), within);
  await writeBundle(connectors, 'b', { code: 'for (const end = Date.now() + 900; Date.now() < end; );' });
  await rm(connectors, { recursive: true });
  await runtime.close({ drainMs: 0 });
});

test("a bundle's image: present, replaced while served, and removed, with the digest unchanged", async () => {
  const { client, connectors } = await serve({
    a: { connector: { imageURL: 'icon.svg' }, code: answering('x') },
    b: { connector: { imageURL: 'https://example.com/icon.svg' }, code: answering('y') },
  });
  const { a, b } = await rowsOf(client);
  const image = (headers = {}, row = a) => client('GET', `/connectors/${row?._id}/image`, undefined, headers);
  for (const row of [a, b, { _id: 'f'.repeat(24) }]) expect((await image({}, row)).status).toBe(404);
  expect(a).toMatchObject({ status: 'ready', imageURL: 'icon.svg' });

  const file = join(connectors, 'a', 'icon.svg');
  const svg = (title: string): string => `<svg xmlns="http://www.w3.org/2000/svg"><title>${title}</title></svg>`;
  await writeFile(file, svg('one'));
  await vi.waitFor(async () => expect((await image()).text).toBe(svg('one')), within);
  const first = await image();
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'content-type': 'image/svg+xml',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'cache-control': 'private, no-cache',
  });
  const known = { 'if-none-match': first.headers.get('etag') ?? '' };
  expect((await image(known)).status).toBe(304);

  await writeFile(file, svg('two'));
  await vi.waitFor(async () => expect((await image(known)).text).toBe(svg('two')), within);
  // A version that does not load leaves the image of the one being served alone.
  await writeFile(join(connectors, 'a', 'index.js'), 'nonsense(');
  await vi.waitFor(async () => expect((await rowsOf(client)).a).toHaveProperty('errors'), within);
  expect((await image()).text).toBe(svg('two'));
  await writeFile(join(connectors, 'a', 'index.js'), answering('x'));
  await rm(file);
  await vi.waitFor(async () => expect((await image()).status).toBe(404), within);
  expect((await rowsOf(client)).a).toEqual(a);
});

test('a bundle that could not be checked on a busy machine is retried', async () => {
  const connectors = await temporaryFolder();
  await writeBundle(connectors, 'a', { code: answering('x') });
  const permissions = await PermissionStore.open(memoryStorage(), () => new Date());
  const tried: boolean[] = [];
  const loads = async (_: unknown, isReplacement: boolean): Promise<object> => {
    tried.push(isReplacement);
    if (tried.length === 1) throw requestError('overloaded');
    return {};
  };
  const errors: unknown[] = [];
  const nothing = (): void => {};
  const events = { onLoaded: nothing, onUnloaded: nothing, onRefused: nothing, onHeld: nothing };
  const catalog = new Catalog(connectors, loads, permissions, { ...events, onError: (error) => errors.push(error) });
  onTestFinished(() => catalog.close());
  await catalog.start();
  expect(catalog.rows()).toMatchObject([{ status: 'invalid', errors: [{ code: 'overloaded' }] }]);
  await vi.waitFor(() => expect(catalog.rows()).toMatchObject([{ status: 'ready' }]), within);
  expect(catalog.rows()[0]).not.toHaveProperty('errors');
  expect([tried, errors.length]).toEqual([[false, false], 1]);
});
