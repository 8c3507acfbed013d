import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEntry, readTarball } from '../../src/connector/folder.ts';
import { tarballOf } from '../../src/connector/tarball.ts';
import { type BundleText, temporaryFolder, writeBundle } from '../support/folders.ts';

async function read(bundle: BundleText, change: (folder: string) => Promise<void> = async () => {}) {
  const connectors = await temporaryFolder();
  await writeBundle(connectors, 'b', bundle);
  await change(join(connectors, 'b'));
  return readEntry(connectors, 'b');
}

test('a good bundle is read', async () => {
  const { connector, reasons } = await read({ code: 'exports.a = 1', connector: { title: 'Bündel' } });
  expect(reasons).toEqual([]);
  expect(connector).toMatchObject({ folder: 'b', manifest: { name: 'b', connector: { title: 'Bündel' } } });
  expect(connector?.bundle).toMatchObject({ code: 'exports.a = 1', filename: 'b/index.js', format: 'commonjs' });
});

test('without an id, one is derived from the name, equal on every machine', async () => {
  const { connector } = await read({ code: '' });
  expect(connector?._id).toBe('9661070fa5a49ad0bb88fa7e');
  const named = await read({ code: '', connector: { _id: 'a'.repeat(24) } });
  expect(named.connector?._id).toBe('a'.repeat(24));
});

test.each([
  [{ type: 'module' }, 'index.js', 'module'],
  [{ type: 'commonjs' }, 'index.js', 'commonjs'],
  [{}, 'index.mjs', 'module'],
  [{ type: 'module' }, 'index.cjs', 'commonjs'],
])('format of %j with %s is %s', async (manifest, main, format) => {
  const { connector } = await read({ manifest: { ...manifest, main }, code: '' }, (folder) =>
    writeFile(join(folder, main), ''),
  );
  expect(connector?.bundle.format).toBe(format);
});

test('the digest covers the manifest and the code', async () => {
  const digests = await Promise.all(
    [{ code: '1' }, { code: '2' }, { code: '1', connector: { title: 't' } }, { code: '1' }].map(
      async (bundle) => (await read(bundle)).connector?.bundle.digest,
    ),
  );
  expect(digests[0]).toMatch(/^sha256-[0-9a-f]{64}$/);
  expect(digests[3]).toBe(digests[0]);
  expect(new Set(digests).size).toBe(3);
});

test.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
  ['no name and no version', { name: undefined, version: undefined }, {}, ['name', 'version']],
  ['no main', { main: undefined }, {}, ['main']],
  ['a main of the wrong type', { main: 5 }, {}, ['main']],
  ['a missing main', { main: 'nope.js' }, {}, ['main']],
  ['a main that is a folder', { main: '.' }, {}, ['main']],
  ['a main outside', { main: '../../../../../../etc/passwd' }, {}, ['main']],
  ['a main in a hidden folder', { main: '.build/index.js' }, {}, ['main']],
  ['a main in node_modules', { main: 'node_modules/x/index.js' }, {}, ['main']],
  ['a blank name', { name: ' ' }, {}, ['name']],
  [
    'settings that nest too deep',
    {},
    { settings: JSON.parse(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`) },
    ['connector'],
  ],
  ['an invalid version', { version: '1' }, {}, ['version']],
  ['an invalid id', {}, { _id: 'xyz' }, ['connector._id']],
  ['steps of the wrong type', {}, { install: {} }, ['connector.install']],
  ['steps without a name', {}, { install: [{ name: 'a' }, {}] }, ['connector.install.1.name']],
  [
    'functions of the wrong type',
    {},
    { installerFunction: 1, updateFunction: [] },
    ['connector.installerFunction', 'connector.updateFunction'],
  ],
  ['settings that are a list', {}, { settings: [] }, ['connector.settings']],
  [
    'limits of the wrong type',
    {},
    { limits: { timeoutMs: '1s', memoryMb: 0 } },
    ['connector.limits.timeoutMs', 'connector.limits.memoryMb'],
  ],
  [
    'a permission that is not an origin',
    {},
    { permissions: { fetch: ['https://a.example', 'a.example/b'] } },
    ['connector.permissions.fetch.1'],
  ],
  ['a permission that is not a string', {}, { permissions: { fetch: [5] } }, ['connector.permissions.fetch.0']],
  ['permissions of the wrong type', {}, { permissions: { fetch: 'https://a' } }, ['connector.permissions.fetch']],
])('%s: every reason is listed with its path', async (_what, manifest, connector, fields) => {
  const { connector: loaded, reasons } = await read({ manifest, connector, code: '' });
  expect(loaded).toBeUndefined();
  expect(reasons.map(({ field }) => field).sort()).toEqual(fields.sort());
});

test.each<[string, (folder: string) => Promise<void>, string]>([
  ['missing', (folder) => rm(join(folder, 'package.json')), 'package.json is missing'],
  ['not JSON', (folder) => writeFile(join(folder, 'package.json'), '{'), 'package.json is not JSON'],
  ['null', (folder) => writeFile(join(folder, 'package.json'), 'null'), 'must be object'],
  ['a list', (folder) => writeFile(join(folder, 'package.json'), '[]'), 'must be object'],
  [
    'without a connector section',
    (folder) => writeFile(join(folder, 'package.json'), '{"name":"b","version":"1.0.0","main":"index.js"}'),
    'connector is required',
  ],
  [
    'a folder',
    async (folder) => {
      await rm(join(folder, 'package.json'));
      await mkdir(join(folder, 'package.json'));
    },
    'package.json is not a file',
  ],
  [
    'a link to itself',
    async (folder) => {
      await rm(join(folder, 'package.json'));
      await symlink('package.json', join(folder, 'package.json'));
    },
    'package.json cannot be read (ELOOP)',
  ],
])('a manifest that is %s', async (_what, change, message) => {
  const { reasons } = await read({ code: '' }, change);
  expect(reasons.map((reason) => reason.message).join()).toContain(message);
});

test('a main that links outside the bundle is refused, one that links inside is read', async () => {
  const link = (target: string) => async (folder: string) => {
    await rm(join(folder, 'index.js'));
    await writeFile(join(folder, 'inner.js'), 'inner');
    await symlink(target, join(folder, 'index.js'));
  };
  expect((await read({ code: '' }, link('/etc/hostname'))).reasons).toMatchObject([{ field: 'main' }]);
  expect((await read({ code: '' }, link('inner.js'))).connector?.bundle.code).toBe('inner');
});

test('a manifest with a byte-order mark and Windows line endings is read', async () => {
  const text = '\uFEFF{\r\n"name":"b","version":"1.0.0","main":"./index.js",\r\n"connector":{}}\r\n';
  const { connector } = await read({ code: '1' }, (folder) => writeFile(join(folder, 'package.json'), text));
  expect(connector?.bundle.filename).toBe('b/index.js');
});

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>';
test.each([
  ['icon.svg', 'image/svg+xml'],
  ['./images/icon.PNG', 'image/png'],
  ['images/icon.jpeg', 'image/jpeg'],
  ['linked.webp', 'image/webp'],
])('an image in the bundle is read: %s', async (imageURL, type) => {
  const { presentation, reasons } = await read({ code: '', connector: { imageURL } }, async (folder) => {
    await mkdir(join(folder, 'images'));
    await writeFile(join(folder, imageURL === 'linked.webp' ? 'images/target' : imageURL), SVG);
    if (imageURL === 'linked.webp') await symlink('images/target', join(folder, imageURL));
  });
  expect(reasons).toEqual([]);
  const { image } = presentation ?? {};
  expect([image?.type, String(image?.bytes)]).toEqual([type, SVG]);
});

test.each([
  ['https://example.com/icon.svg'],
  ['data:image/svg+xml,x.svg'],
  ['//example.com/icon.svg'],
  ['/etc/icon.svg'],
  ['../outside.svg'],
  ['link.svg'],
  ['missing.svg'],
  ['folder.svg'],
  ['large.svg'],
  ['index.js'],
  ['icon'],
  ['icon.svg\0.svg'],
  [''],
])('an image outside the bundle, missing or invalid is ignored: %j', async (imageURL) => {
  const { connector, presentation, reasons } = await read({ code: '', connector: { imageURL } }, async (folder) => {
    await writeFile(join(folder, '..', 'outside.svg'), SVG);
    await symlink('../outside.svg', join(folder, 'link.svg'));
    await mkdir(join(folder, 'folder.svg'));
    await writeFile(join(folder, 'large.svg'), 'x'.repeat(512 * 1024 + 1));
    await writeFile(join(folder, 'icon'), SVG);
  });
  expect([reasons, presentation?.image]).toEqual([[], undefined]);
  expect(connector?._id).toEqual(expect.any(String));
});

test.each<[string, Record<string, unknown>, message: RegExp]>([
  ['a manifest of two megabytes', { keywords: 'k'.repeat(2_000_000) }, /larger than 1048576 bytes/],
  ['a hundred thousand lists', { keywords: Array(100_001).fill([]) }, /more than 100000 arrays, objects and names/],
  ['millions of zeros', { connector: { install: Array(2_900_000).fill(0) } }, /larger than 1048576 bytes/],
  ['depth that no tool needs', { other: JSON.parse('['.repeat(2_000) + ']'.repeat(2_000)) }, /deeper than 1000 levels/],
])('%s is refused before it is parsed, from a folder and from a tarball', async (_, fields, message) => {
  const packageJson = JSON.stringify({ name: 'b', version: '1.0.0', main: 'index.js', connector: {}, ...fields });
  const inFolder = await read({ code: '' }, (folder) => writeFile(join(folder, 'package.json'), packageJson));
  const files = new Map([
    ['package.json', Buffer.from(packageJson)],
    ['index.js', Buffer.from('')],
  ]);
  const packed = await readTarball(await tarballOf(files), 'b');
  for (const { reasons } of [inFolder, packed]) {
    expect(reasons).toMatchObject([{ code: 'invalid_field', field: 'package.json' }]);
    expect(reasons[0]?.message).toMatch(message);
  }
});

test('a manifest with many errors gets eight reasons, and a step may have a hundred keys', async () => {
  const zeros = await read({ code: '', connector: { install: Array(1_000).fill(0) } });
  expect(zeros.reasons).toHaveLength(8);
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, i]));
  const { reasons } = await read({ code: '', connector: { install: [{ name: 's', ...wide }] } });
  expect(reasons).toMatchObject([{ code: 'invalid_field', field: 'connector.install' }]);
  expect((await read({ code: '', connector: { install: [{ ...wide, k99: undefined, name: 's' }] } })).reasons).toEqual(
    [],
  );
});

test('code of many megabytes is hashed completely', async () => {
  const code = `// ${'größe '.repeat(500_000)}`;
  let text = '';
  const manifest = await read({ code }, async (folder) => {
    text = await readFile(join(folder, 'package.json'), 'utf8');
  });
  const digest = createHash('sha256').update(text).update('\0').update(code).digest('hex');
  expect(manifest.connector?.bundle.digest).toBe(`sha256-${digest}`);
});
