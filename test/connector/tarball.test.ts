/** What a tarball may contain and what is refused. Each refusal has a similar case that passes. */
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readTarball } from '../../src/connector/folder.ts';
import { tarballFiles, tarballOf } from '../../src/connector/tarball.ts';
import { bundleEntries, packed, type TarEntry, tarOf, tgzOf } from '../support/tarballs.ts';

const bundle = { code: 'exports.utilities = { f: () => 1 }' };
const good = packed('b', bundle);
const MB = 1024 * 1024;

/** The reasons against a tarball; empty if accepted. */
async function reasonsOf(tarball: Buffer): Promise<string> {
  const { reasons } = await readTarball(tarball, 'b.tgz');
  return reasons.map(({ message }) => message).join('; ');
}
const withEntries = (...more: TarEntry[]): Buffer => packed('b', bundle, more);

test('a bundle packed by npm is read, and stack traces show its name', async () => {
  const { connector, reasons } = await readTarball(packed('shop', bundle), '57179182e0a908200c2781d9.tgz');
  expect(reasons).toEqual([]);
  expect(connector).toMatchObject({ folder: '57179182e0a908200c2781d9.tgz', manifest: { name: 'shop' } });
  expect(connector?.bundle).toMatchObject({ code: bundle.code, filename: 'shop/index.js' });
});

test('the digest equals that of the same files in a folder, however they are packed', async () => {
  const digestOf = async (tarball: Buffer) => (await readTarball(tarball, 'b.tgz')).connector?.bundle.digest;
  const digest = await digestOf(good);
  expect(digest).toMatch(/^sha256-/);
  expect(await digestOf(gzipSync(gunzipSync(good), { level: 9 }))).toBe(digest);
  expect(await digestOf(tgzOf(bundleEntries('b', bundle, 'anything').toReversed()))).toBe(digest);
  expect(await digestOf(packed('b', { code: 'other' }))).not.toBe(digest);
});

test('only the manifest, the code, its source map and the texts for people are kept, unchanged', async () => {
  const map = '{"version":3,"sources":[],"mappings":""}';
  const more = [
    { path: 'package/index.js.map', content: map },
    { path: 'package/README.md', content: 'words' },
    { path: 'package/src/', type: 'Directory' as const },
    { path: 'package/src/index.ts', content: 'source' },
  ];
  const read = await readTarball(withEntries(...more), 'b.tgz');
  if (!read.connector) throw new Error(JSON.stringify(read.reasons));
  expect(read.connector.sourceMap).toBe(map);
  expect([...read.files.keys()]).toEqual(['package.json', 'index.js', 'index.js.map', 'README.md']);
});

test('packing a bundle again gives the same bundle', async () => {
  const long = `${'ordner/'.repeat(6)}${'ä'.repeat(150)}.js`;
  const read = await readTarball(
    packed('b', { ...bundle, manifest: { main: long } }, [{ path: `package/${long}`, content: 'x' }]),
    'b.tgz',
  );
  // A long name needs a header of several blocks, which `tgzOf` does not write.
  expect(read.reasons).toMatchObject([{ field: 'main' }]);
  const files = new Map([
    ['package.json', Buffer.from(JSON.stringify({ name: 'b', version: '1.0.0', main: long, connector: {} }))],
    [long, Buffer.from('exports.a = "ü"')],
  ]);
  const again = await readTarball(await tarballOf(files), 'b.tgz');
  expect(again.connector?.bundle.code).toBe('exports.a = "ü"');
  expect(await tarballOf(files)).toEqual(await tarballOf(files));
});

test('a byte-order mark, Windows line endings and odd modes change nothing', async () => {
  const manifest = '\uFEFF{\r\n"name":"b","version":"1.0.0","main":"./index.js",\r\n"connector":{}}\r\n';
  const tarball = tgzOf([
    { path: 'package/package.json', content: manifest, mode: 0 },
    { path: 'package/index.js', content: '\uFEFFexports.a = 1\r\n', mode: 0o7777, uid: 0, uname: 'root' },
  ]);
  expect(await reasonsOf(tarball)).toBe('');
});

describe('names', () => {
  test.each([
    ['another name of the one top folder', 'anything/x.js', /one top folder/],
    ['a file beside the top folder', 'README.md', /one top folder/],
    ['a file named like the top folder', 'package', /one top folder/],
    ['a path that leads out', 'package/../../etc/cron.d/x', /must not contain \.\./],
    ['a path that leads out and back in', 'package/a/../x.js', /must not contain \.\./],
    ['an absolute path', '/etc/passwd', /relative/],
    ['an absolute path of Windows', 'C:/Windows/x.js', /relative/],
    ['a path with backslashes', 'package\\x.js', /must use \//],
    ['a path that leads out with backslashes', 'package/..\\..\\x.js', /must use \//],
    ['a name with a line break', 'package/a\nb.js', /control characters/],
    ['the code a second time', 'package/index.js', /twice/],
    ['the manifest a second time, by another path', 'package/./package.json', /twice/],
    ['a name that differs only by case', 'package/INDEX.js', /twice/],
  ])('%s is refused', async (_what, path, message) => {
    expect(await reasonsOf(withEntries({ path, content: 'x' }))).toMatch(message);
  });

  test('names that differ only by Unicode normalization are refused', async () => {
    const names = ['package/\u00fc.js', 'package/u\u0308.js'].map((path) => ({ path, content: 'x' }));
    expect(await reasonsOf(withEntries(...names))).toMatch(/twice/);
    expect(await reasonsOf(withEntries(names[0] as TarEntry))).toBe('');
  });

  test.each([
    ['another file', 'package/x.js'],
    ['a name with dots in it', 'package/a..b/...js'],
    ['an umlaut and a space', 'package/Größe 1.js'],
    ['an empty part and a dot', 'package//./x.js'],
    ['metadata that macOS adds', '._package'],
  ])('%s is accepted', async (_what, path) => {
    expect(await reasonsOf(withEntries({ path, content: 'x' }))).toBe('');
  });

  test('the top folder may have any name, also after a ./', async () => {
    for (const top of ['weather-1.0.0', './package']) {
      expect(await reasonsOf(tgzOf([{ path: `${top}/`, type: 'Directory' }, ...bundleEntries('b', bundle, top)]))).toBe(
        '',
      );
    }
  });

  test('without a top folder it is refused', async () => {
    expect(await reasonsOf(tgzOf(bundleEntries('b', bundle, '.')))).toMatch(/one top folder/);
  });
});

describe('what is neither a file nor a folder', () => {
  test.each([
    ['a symbolic link', { type: 'SymbolicLink', linkpath: '/etc/passwd' }],
    ['a symbolic link within', { type: 'SymbolicLink', linkpath: 'index.js' }],
    ['a hard link', { type: 'Link', linkpath: 'package/index.js' }],
    ['a character device', { type: 'CharacterDevice', devmaj: 1, devmin: 3 }],
    ['a block device', { type: 'BlockDevice', devmaj: 8, devmin: 0 }],
    ['a pipe', { type: 'FIFO' }],
    ['a sparse file of GNU tar', { type: 'SparseFile' }],
  ] as const)('%s is refused, a file in its place is accepted', async (_what, header) => {
    const path = 'package/x.js';
    expect(await reasonsOf(withEntries({ path, ...header }))).toMatch(/neither a file nor a folder/);
    expect(await reasonsOf(withEntries({ path }))).toBe('');
  });

  test('a link instead of the code is refused', async () => {
    const [manifest] = bundleEntries('b', bundle);
    const link = { path: 'package/index.js', type: 'SymbolicLink' as const, linkpath: '../../data/secret-key' };
    expect(await reasonsOf(tgzOf([manifest as TarEntry, link]))).toMatch(/neither a file nor a folder/);
  });
});

describe('sizes', () => {
  test('ten thousand entries are refused, a thousand are accepted', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => ({ path: `package/f/${at}.js` }));
    expect(await reasonsOf(withEntries(...many(10_000)))).toMatch(/more than 2000 entries/);
    expect(await reasonsOf(withEntries(...many(1_000)))).toBe('');
  });

  test('a gzip bomb is refused before it is unpacked, 30 MiB of zeros are accepted', async () => {
    const zeros = (megabytes: number) => withEntries({ path: 'package/zeros', content: Buffer.alloc(megabytes * MB) });
    const bomb = zeros(100);
    expect(bomb.length).toBeLessThan(MB);
    expect(await reasonsOf(bomb)).toMatch(/unpacks to more than/);
    expect(await reasonsOf(zeros(30))).toBe('');
  });

  test('a bomb inside a second gzip is refused', async () => {
    expect(await reasonsOf(gzipSync(good))).toMatch(/gzipped twice/);
  });

  test('an entry that claims to be larger than the tarball is refused', async () => {
    expect(await reasonsOf(withEntries({ path: 'package/x', size: 8 * 1024 * MB }))).toMatch(/not a readable tar/);
  });

  test('too large code is refused with the same message as in a folder', async () => {
    const code = `// ${'x'.repeat(16 * MB)}`;
    expect(await reasonsOf(packed('b', { code }))).toMatch(/^main \(index\.js\) is larger than/);
  });

  test('long or many metadata entries are refused, a few short ones are accepted', async () => {
    const about = (bytes: number) => ({
      path: 'PaxHeader/x',
      type: 'ExtendedHeader' as const,
      content: '5 a=\n'.repeat(bytes / 5),
    });
    const file = { path: 'package/x.js' };
    expect(await reasonsOf(withEntries(about(10_000), file))).toMatch(/more than 8192 bytes of metadata/);
    expect(await reasonsOf(withEntries(...Array.from({ length: 400 }, () => about(8_000)), file))).toMatch(
      /more than 2097152 bytes of metadata/,
    );
    expect(await reasonsOf(withEntries(about(8_000), file, about(8_000)))).toBe('');
  });

  test('a too long name is refused', async () => {
    const files = new Map([[`${'x'.repeat(2_000)}.js`, Buffer.from('')]]);
    await expect(tarballOf(files).then(tarballFiles)).rejects.toThrow(/1000 characters/);
  });
});

describe('damage', () => {
  test('a tarball cut off anywhere is refused', async () => {
    const tarball = packed('b', { code: `// ${randomBytes(20_000).toString('base64')}\n` });
    expect(await reasonsOf(tarball)).toBe('');
    for (const share of [0.1, 0.5, 0.9, 0.999]) {
      expect(await reasonsOf(tarball.subarray(0, tarball.length * share)), `${share}`).toMatch(/cut off/);
    }
  });

  test('a tar that ends in the middle of a file is refused, even if the gzip is intact', async () => {
    const raw = tarOf(bundleEntries('b', { code: 'x'.repeat(5_000) }));
    expect(await reasonsOf(gzipSync(raw.subarray(0, 3_000)))).toMatch(/not a readable tar/);
    expect(await reasonsOf(gzipSync(raw))).toBe('');
  });

  test('a flipped bit is detected', async () => {
    const flipped = Buffer.from(good);
    flipped[good.length >> 1] = (flipped[good.length >> 1] as number) ^ 1;
    expect(await reasonsOf(flipped)).toMatch(/is damaged|cut off|not a readable tar/);
  });

  test.each([
    ['nothing', Buffer.alloc(0), /not gzipped/],
    ['a tar without gzip', gunzipSync(good), /not gzipped/],
    ['a zip', Buffer.from('PK\u0003\u0004 and more'), /not gzipped/],
    ['gzip of nothing', gzipSync(''), /not a readable tar/],
    ['gzip of a text', gzipSync('no tar '.repeat(500)), /not a readable tar/],
    ['gzip of zeros', gzipSync(Buffer.alloc(2_048)), /not a readable tar|package\.json is missing/],
    ['an empty tar', tgzOf([]), /not a readable tar|package\.json is missing/],
    ['a tar without a manifest', tgzOf([{ path: 'package/index.js', content: 'x' }]), /package\.json is missing/],
    ['a tar without the code', tgzOf(bundleEntries('b', bundle).slice(0, 1)), /main \(index\.js\) is missing/],
  ])('%s is refused', async (_what, tarball, message) => {
    expect(await reasonsOf(tarball)).toMatch(message);
  });
});
