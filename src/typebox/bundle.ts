/**
 * Writes as much of the library TypeBox as is used here as one file (`npm run generate`). As it is installed it
 * is 700 modules, which take Node longer to find and link than all the rest of a start, and 25 MB.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const file = fileURLToPath(new URL('typebox.js', import.meta.url));
const licence = fileURLToPath(new URL('../license', import.meta.resolve('typebox')));

export async function writeTypebox(): Promise<void> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { default } from 'typebox'; export { Compile } from 'typebox/compile';`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    // By lines, so that stacks and debuggers show something.
    minifySyntax: true,
    legalComments: 'none',
  });
  writeFileSync(file, `/*! TypeBox\n${readFileSync(licence, 'utf8').trim()}\n*/\n${outputFiles[0]?.text}`);
}
