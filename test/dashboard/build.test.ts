/** What is committed of the dashboard is what its sources make. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';

const dashboard = fileURLToPath(new URL('../../src/dashboard', import.meta.url));

async function filesIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  );
}

test('the built files are those that the sources make, without anything inline, and small', async () => {
  const outDir = await temporaryFolder();
  const before = process.env.NODE_ENV;
  // Vite takes vitest's, and would build for tests.
  process.env.NODE_ENV = 'production';
  await build({
    configFile: join(dashboard, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  });
  process.env.NODE_ENV = before;
  const [made, committed] = [await filesIn(outDir), await filesIn(join(dashboard, 'built'))];
  expect(Object.keys(committed)).toEqual(Object.keys(made));
  for (const [name, text] of Object.entries(made)) {
    // Not by `toEqual`, whose report would be the whole of it.
    expect(committed[name] === text, `${name} is not built anew: npm run dashboard`).toBe(true);
  }
  expect(committed['index.html']).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
  const bytes = Object.values(committed).reduce((sum, text) => sum + gzipSync(text).length, 0);
  expect(bytes).toBeLessThan(150 * 1024);
}, 60_000);
