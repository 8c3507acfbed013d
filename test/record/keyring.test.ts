/** The key file: written atomically, and the same for processes that start at once. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KeyFile } from '../../src/record/key-file.ts';
import { Keyring, openKeyring } from '../../src/record/keyring.ts';
import { temporaryFolder } from '../support/folders.ts';

test('is made once, readable by its owner only, with no temporary file left', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'secret-key');
  const rings = await Promise.all(Array.from({ length: 10 }, () => openKeyring(new KeyFile(folder), undefined)));
  const sealed = (rings[0] as Keyring).seal('text', 'place');
  for (const ring of rings) expect(ring.open(sealed, 'place')).toBe('text');
  expect(await readdir(folder)).toEqual(['secret-key']);
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await openKeyring(new KeyFile(folder), undefined)).open(sealed, 'place')).toBe('text');
});

test('is read with Windows line endings, and refused if it is truncated', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'secret-key');
  const sealed = (await openKeyring(new KeyFile(folder), undefined)).seal('text', 'place');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('\n', '\r\n'));
  expect((await openKeyring(new KeyFile(folder), undefined)).open(sealed, 'place')).toBe('text');
  await writeFile(file, text.slice(0, 20));
  await expect(openKeyring(new KeyFile(folder), undefined)).rejects.toThrow('is incomplete');
  expect(await readFile(file, 'utf8')).toBe(text.slice(0, 20));
});

test('a sealed value opens only in its context, with its key, and unchanged', () => {
  const ring = Keyring.of(['a key of sixteen characters']);
  const sealed = ring.seal('größe \ud83d\ude80', 'id/http/auth');
  expect(ring.open(sealed, 'id/http/auth')).toBe('größe \ud83d\ude80');
  expect(ring.seal('größe', 'id/http/auth')).not.toBe(ring.seal('größe', 'id/http/auth'));
  expect(ring.open(sealed, 'other/http/auth')).toBeUndefined();
  expect(Keyring.of(['another key of sixteen']).open(sealed, 'id/http/auth')).toBeUndefined();
  // Not the last character: not all of its bits are part of the value.
  const other = sealed.at(-2) === 'A' ? 'B' : 'A';
  for (const changed of [
    sealed.slice(0, -2) + other + sealed.slice(-1),
    sealed.slice(0, -4),
    '',
    'v1',
    'v1..',
    `v2${sealed.slice(2)}`,
    'x'.repeat(100),
  ]) {
    expect(ring.open(changed, 'id/http/auth')).toBeUndefined();
  }
});
