/** The built dashboard. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const built = fileURLToPath(new URL('../../src/dashboard/built', import.meta.url));

test('nothing is inline, and the build is small', async () => {
  const names = await readdir(built);
  expect(names).toContain('index.html');
  const texts = await Promise.all(names.map((name) => readFile(join(built, name))));
  expect(texts.reduce((sum, text) => sum + gzipSync(text).length, 0)).toBeLessThan(150 * 1024);
  const page = await readFile(join(built, 'index.html'), 'utf8');
  expect(page).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
});
