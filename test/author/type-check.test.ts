/** Types of a project are checked with its own compiler. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkTypes } from '../../src/author/type-check.ts';
import { temporaryFolder } from '../support/folders.ts';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const never = new AbortController().signal;
const CONFIG = JSON.stringify({ compilerOptions: { strict: true, types: [] }, include: ['src'] });

/** @param libraries linked into `node_modules` */
async function projectWith(files: Record<string, string>, libraries = ['typescript']): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of ['src', 'node_modules']) await mkdir(join(folder, name));
  for (const name of libraries) await symlink(join(modules, name), join(folder, 'node_modules', name), 'junction');
  const all = { 'package.json': '{}', ...files };
  for (const [path, text] of Object.entries(all)) await writeFile(join(folder, path), text);
  return folder;
}

test('an error has file, line and column, and what is right has none', async () => {
  const folder = await projectWith({ 'tsconfig.json': CONFIG, 'src/index.ts': 'export const a = 1;\n' });
  expect(await checkTypes(folder, never)).toEqual({ findings: [] });
  await writeFile(join(folder, 'src/other.ts'), "\nconst city: number = 'Oslo';\nexport { city, gone };\n");
  expect(await checkTypes(folder, never)).toEqual({
    findings: [
      {
        severity: 'error',
        file: 'src/other.ts',
        line: 2,
        column: 7,
        message: "TS2322: Type 'string' is not assignable to type 'number'.",
      },
      expect.objectContaining({ line: 3, message: expect.stringContaining('TS2304') }),
    ],
  });
});

test('what is wrong with the configuration is told there', async () => {
  const folder = await projectWith({ 'tsconfig.json': '{"extends":"./gone.json","include":["src"]}' });
  const { findings } = await checkTypes(folder, never);
  expect(findings?.[0]).toMatchObject({ file: 'tsconfig.json', line: 1 });
});

test('without a configuration nothing is said, without a compiler what to do', async () => {
  expect(await checkTypes(await projectWith({}), never)).toEqual({ skipped: '' });
  const folder = await projectWith({ 'tsconfig.json': CONFIG }, []);
  expect(await checkTypes(folder, never)).toEqual({ skipped: 'Types are not checked: run npm install.' });
});

test('a check that nobody waits for ends', async () => {
  const folder = await projectWith({ 'tsconfig.json': CONFIG, 'src/index.ts': 'export const a = 1;\n' });
  const controller = new AbortController();
  const check = checkTypes(folder, controller.signal);
  controller.abort();
  await expect(check).rejects.toMatchObject({ name: 'AbortError' });
});
