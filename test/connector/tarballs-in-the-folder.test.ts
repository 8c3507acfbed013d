/** Tarballs put into `connectors/` while a runtime watches it. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Client } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { installed, serve } from '../support/runtime.ts';
import { packed } from '../support/tarballs.ts';

// Each test starts and swaps several times, on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const answering = (answer: string): string => `exports.utilities = { f: () => ${JSON.stringify(answer)} }`;
const within = { timeout: 60_000, interval: 20 };

async function rowsOf(client: Client): Promise<Record<string, Record<string, unknown>>> {
  const { body } = await client('GET', '/connectors');
  return Object.fromEntries(body.map((row: { name: string }) => [row.name, row]));
}

test('an added tarball loads, a truncated one does not replace it, an intact one does, and removing it unloads the connector', async () => {
  const { client, connectors } = await serve();
  const file = join(connectors, 'shop-1.0.0.tgz');
  await writeFile(file, packed('shop', { code: answering('one') }));
  await vi.waitFor(async () => expect((await rowsOf(client)).shop).toMatchObject({ status: 'ready' }), within);
  const id = await installed(client, 'shop');
  const call = async () => (await client('PUT', `/integrations/${id}/utilities/f`)).body;
  expect(await call()).toBe('one');

  const next = packed('shop', { manifest: { version: '1.1.0' }, code: answering('two') });
  await writeFile(file, next.subarray(0, next.length / 2));
  await vi.waitFor(
    async () =>
      expect((await rowsOf(client)).shop).toMatchObject({
        status: 'ready',
        version: '1.0.0',
        errors: [{ field: 'bundle', message: 'the tarball is cut off' }],
      }),
    within,
  );
  expect(await call()).toBe('one');

  await writeFile(file, next);
  await vi.waitFor(async () => expect((await rowsOf(client)).shop).toMatchObject({ version: '1.1.0' }), within);
  expect((await rowsOf(client)).shop).not.toHaveProperty('errors');
  expect(await call()).toBe('two');

  await rm(file);
  await vi.waitFor(async () => expect(await rowsOf(client)).toEqual({}), within);
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body.errors[0].code).toBe('connector_unavailable');
});

test('hidden and private tarballs and other files are skipped, and a bad one is listed by its file name', async () => {
  const { client, connectors } = await serve();
  for (const name of ['.hidden.tgz', '_private.tgz', 'bundle.zip', 'notes.txt']) {
    await writeFile(join(connectors, name), packed('skipped', { code: answering('x') }));
  }
  await writeFile(join(connectors, 'broken.tgz'), 'no tarball');
  await mkdir(join(connectors, 'folder.tgz'));
  await writeBundle(connectors, 'folder.tgz', { manifest: { name: 'folder' }, code: answering('x') });
  await vi.waitFor(async () => expect(Object.keys(await rowsOf(client))).toEqual(['broken', 'folder']), within);
  expect((await rowsOf(client)).broken).toMatchObject({ status: 'invalid', errors: [{ field: 'bundle' }] });
  expect((await rowsOf(client)).folder).toMatchObject({ status: 'ready' });
});

test('of a folder and a tarball with the same id the later is refused, also after a restart, and takes over when the first is removed', async () => {
  const connector = { _id: 'c'.repeat(24) };
  const first = await serve({ zebra: { connector, code: answering('folder') } });
  const { connectors, data } = first;
  // The tarball sorts first.
  await writeFile(join(connectors, 'ape.tgz'), packed('ape', { connector, code: answering('tarball') }));
  const isRefused = async (client: Client): Promise<void> => {
    const rows = await rowsOf(client);
    expect(rows.zebra).toMatchObject({ status: 'ready' });
    expect(rows.ape).toMatchObject({
      status: 'invalid',
      errors: [{ code: 'duplicate_id', message: expect.stringContaining('zebra') }],
    });
  };
  await vi.waitFor(() => isRefused(first.client), within);
  await first.runtime.close({ drainMs: 0 });

  const { client } = await serve({}, { connectors, data });
  await isRefused(client);
  await rm(join(connectors, 'zebra'), { recursive: true });
  await vi.waitFor(async () => expect((await rowsOf(client)).ape).toMatchObject({ status: 'ready' }), within);
});

test('the image comes from the tarball, also when the last good version is served after a restart', async () => {
  const image = (colour: string) => ({ path: 'package/icon.svg', content: `<svg fill="${colour}"/>` });
  const tarball = (version: string, colour: string, fetch: readonly string[]) =>
    packed(
      'shop',
      { manifest: { version }, connector: { imageURL: 'icon.svg', permissions: { fetch } }, code: answering(version) },
      [image(colour)],
    );
  const first = await serve();
  const { connectors, data } = first;
  await writeFile(join(connectors, 'shop.tgz'), tarball('1.0.0', 'red', []));
  await vi.waitFor(async () => expect((await rowsOf(first.client)).shop).toMatchObject({ status: 'ready' }), within);
  const imageOf = async (client: Client) =>
    (await client('GET', `/connectors/${(await rowsOf(client)).shop?._id}/image`)).text;
  expect(await imageOf(first.client)).toContain('red');
  await first.runtime.close({ drainMs: 0 });

  await writeFile(join(connectors, 'shop.tgz'), tarball('2.0.0', 'blue', ['https://a.example']));
  const { client } = await serve({}, { connectors, data });
  await vi.waitFor(async () => expect((await rowsOf(client)).shop).toHaveProperty('pending'), within);
  expect(await imageOf(client)).toContain('red');
});

test("a run's record names the code that ran, and a stack trace has the lines of the author's source", async () => {
  const { client, connectors } = await serve();
  // Line 1, column 0 on is line 7 of the source.
  const map = { version: 3, sources: ['src/shop.ts'], names: [], mappings: 'AAMA' };
  const code = 'exports.utilities = { f() { throw new Error("no") } }';
  const tarball = packed('shop', { code }, [{ path: 'package/index.js.map', content: JSON.stringify(map) }]);
  await writeFile(join(connectors, '_shop.tgz'), tarball);
  await rename(join(connectors, '_shop.tgz'), join(connectors, 'shop.tgz'));
  await vi.waitFor(async () => expect((await rowsOf(client)).shop).toMatchObject({ status: 'ready' }), within);
  const id = await installed(client, 'shop');
  await client('PUT', `/integrations/${id}/utilities/f`);
  const { body } = await client('GET', `/integrations/${id}/runs`);
  expect(body[0].digest).toBe((await rowsOf(client)).shop?.digest);
  expect(body[0].stack).toContain('src/shop.ts:7:');
});
