/** README and changelog of a bundle: served as text, bounded, and whatever they contain. */
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { TEXT_LIMIT_BYTES } from '../../src/connector/presentation.ts';
import { connectorIdOf, serve } from '../support/runtime.ts';
import { packed } from '../support/tarballs.ts';

const within = { timeout: 20_000, interval: 20 };
const bundle = { code: 'exports.settings = {};' };

test('they are served as text, change with the files, and are gone with them', async () => {
  const { client, connectors } = await serve({ shop: bundle });
  const path = `/connectors/${await connectorIdOf(client, 'shop')}`;
  const textsOf = async () => (await client('GET', path)).body.texts;
  expect(await textsOf()).toBeUndefined();
  expect((await client('GET', `${path}/readme`)).status).toBe(404);

  await writeFile(join(connectors, 'shop/README.md'), '# Größe\n<script>alert(1)</script>');
  await writeFile(join(connectors, 'shop/CHANGELOG.md'), '## 1.0.0');
  await vi.waitFor(async () => expect(await textsOf()).toEqual(['readme', 'changelog']), within);
  const { text, headers } = await client('GET', `${path}/readme`);
  expect(text).toBe('# Größe\n<script>alert(1)</script>');
  expect(headers.get('content-type')).toBe('text/markdown; charset=utf-8');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  const etag = headers.get('etag') ?? '';
  expect((await client('GET', `${path}/readme`, undefined, { 'If-None-Match': etag })).status).toBe(304);
  expect((await client('GET', `${path}/changelog`)).text).toBe('## 1.0.0');

  await rm(join(connectors, 'shop/README.md'));
  await vi.waitFor(async () => expect(await textsOf()).toEqual(['changelog']), within);
});

test('what is too large, binary or outside the bundle is left out; invalid UTF-8 is replaced', async () => {
  const { client, connectors } = await serve({ shop: bundle });
  const path = `/connectors/${await connectorIdOf(client, 'shop')}`;
  const readme = join(connectors, 'shop/README.md');
  const textsOf = async () => (await client('GET', path)).body.texts;
  const changelog = join(connectors, 'shop/CHANGELOG.md');
  for (const content of ['x'.repeat(TEXT_LIMIT_BYTES + 1), Buffer.from('GIF\0')]) {
    await writeFile(changelog, 'marks that it was read');
    await writeFile(readme, content);
    await vi.waitFor(async () => expect(await textsOf()).toEqual(['changelog']), within);
    await rm(changelog);
    await vi.waitFor(async () => expect(await textsOf()).toBeUndefined(), within);
  }
  await writeFile(join(connectors, '_secret.md'), 'secret');
  await rm(readme);
  await symlink('../_secret.md', readme);
  await writeFile(changelog, 'x'.repeat(TEXT_LIMIT_BYTES));
  await vi.waitFor(async () => expect(await textsOf()).toEqual(['changelog']), within);
  await writeFile(changelog, Buffer.from([0x61, 0xff, 0xfe, 0x62]));
  await vi.waitFor(async () => expect((await client('GET', `${path}/changelog`)).text).toBe('a\ufffd\ufffdb'), within);
});

test('a tarball has them, too', async () => {
  const { client } = await serve();
  const bytes = packed('shop', bundle, [{ path: 'package/README.md', content: 'packed' }]);
  const { body } = await client('PUT', '/connectors', bytes, { 'content-type': 'application/gzip' });
  expect(body.texts).toEqual(['readme']);
  expect((await client('GET', `/connectors/${body._id}/readme`)).text).toBe('packed');
});
