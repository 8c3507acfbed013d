/**
 * An esbuild plugin for `require(path.join(__dirname, 'config.json'))`: writes the text into the call if it is known at
 * build time, so that the bundler finds the file.
 */
import { readFile, realpath } from 'node:fs/promises';
import * as path from 'node:path';
import type { OnLoadResult, Plugin } from 'esbuild';
import { packageOf } from './import-chains.ts';
import { StaticTexts } from './static-texts.ts';
import { argumentOf, eachNode, literalText, parseSource } from './syntax.ts';

/** A call with anything but a literal. */
const isCandidate = /\brequire\s*\(\s*[^\s'"]/;

/** @param folder of the project; files outside it are ignored */
export function staticRequires(folder: string): Plugin {
  return {
    name: 'told requires',
    setup(build) {
      build.onLoad(
        { filter: /\.c?js$/, namespace: 'file' },
        async ({ path: file }): Promise<OnLoadResult | undefined> => {
          if (packageOf(file) !== undefined) return undefined;
          const text = await readFile(file, 'utf8').catch(() => '');
          if (!isCandidate.test(text)) return undefined;
          return { contents: await withTexts(text, file, folder), loader: 'js' };
        },
      );
    },
  };
}

async function withTexts(text: string, filename: string, folder: string): Promise<string> {
  const program = parseSource(text);
  if (!program) return text;
  const texts = new StaticTexts(program);
  const found: { start: number; end: number; module: string }[] = [];
  eachNode(program, (node) => {
    if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') return;
    const given = argumentOf(node, 0);
    const module = literalText(given) === undefined ? texts.textOf(given, { filename, cwd: folder, path }) : undefined;
    if (given && module !== undefined) found.push({ start: given.start, end: given.end, module });
  });
  let result = text;
  for (const { start, end, module } of found.sort((a, b) => b.start - a.start)) {
    if (path.isAbsolute(module) && !(await isInside(module, folder))) continue;
    // Keep the number of lines.
    const lines = text.slice(start, end).replaceAll(/[^\n]/g, '');
    result = result.slice(0, start) + JSON.stringify(module) + lines + result.slice(end);
  }
  return result;
}

/** Whether the folder contains it: a file, a folder, or a file named without its extension. */
async function isInside(named: string, folder: string): Promise<boolean> {
  const root = await realpath(folder);
  for (const ending of ['', '.js', '.json', '.cjs']) {
    const real = await realpath(named + ending).catch(() => undefined);
    if (real !== undefined) return real.startsWith(root + path.sep);
  }
  return false;
}
