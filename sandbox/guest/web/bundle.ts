/**
 * `npm run generate`: bundles each guest library into one file, in which browser globals are read from `web`
 * instead.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin, transform } from 'esbuild';
import { type LibraryName, webApis } from '../web-apis.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const libraries = fileURLToPath(new URL('../libraries/', import.meta.url));

const libraryNames = Object.keys(webApis) as LibraryName[];

const entryOf = (library: LibraryName): string => `${here}${library === 'flow' ? '../flow/engine' : library}.ts`;

/** Replacements for modules that the libraries import. */
const standIns: readonly { readonly imported: RegExp; readonly file: string; readonly except?: LibraryName }[] = [
  { imported: /^tr46$/, file: 'lazy-idna.ts', except: 'idna' },
  { imported: /multi-byte\.encodings\.cjs$/, file: 'lazy-legacy-encoding.ts', except: 'legacy-encoding' },
  { imported: /^node:assert$/, file: 'node/assert.cjs' },
  { imported: /^node:util(?:\/types)?$/, file: 'node/util.ts' },
  { imported: /^node:stream$/, file: 'node/stream.ts' },
  { imported: /^node:events$/, file: 'node/events.ts' },
  { imported: /^node:|^\.\/streams\.cjs$/, file: 'node/absent.ts' },
];

function substitute(library: LibraryName): Plugin {
  return {
    name: 'stand-ins',
    setup({ onResolve }) {
      for (const { imported, file, except } of standIns) {
        if (except !== library) onResolve({ filter: imported }, () => ({ path: `${here}${file}` }));
      }
    },
  };
}

/** Names that the `fetch` library gets from `node/globals.ts`. */
const injected: readonly string[] = ['URL', 'URLSearchParams', 'AbortSignal', 'ReadableStream', 'TransformStream'];

/** Replacements for globals, by their names in a browser or Node. */
function globalsOf(library: LibraryName): Record<string, string> {
  const others = libraryNames
    .filter((name) => name !== library)
    .flatMap((name) => webApis[name])
    .filter((name) => library !== 'fetch' || !injected.includes(name));
  return {
    ...Object.fromEntries(others.map((name) => [name, `web.${name}`])),
    // Libraries look there for the platform's own APIs and would find themselves. Only `structured-clone`
    // may: it looks for ECMAScript's built-ins.
    ...(library === 'structured-clone' ? {} : { globalThis: 'nothing' }),
    ...(library === 'fetch' ? { 'globalThis.ReadableStream': 'ReadableStream' } : {}),
    ...(library === 'encoding' ? { 'globalThis.TransformStream': 'web.TransformStream' } : {}),
    ...(library === 'events' ? { window: 'nothing' } : {}),
  };
}

const TARGET = 'es2024';
/** Assigned to a name, because esbuild drops an expression without effect. */
const PREFIX = 'made=';

/**
 * Puts the function of each CommonJS module in parentheses. That makes V8 compile it eagerly, so that it is
 * in the code cache that the next isolate uses.
 */
function eager(text: string): string {
  return text.replace(
    /(__(?:commonJS|esm)\(\{\n {4}"[^"]+")\(([\w, ]*)\) \{(.*?)\n {4}\}\n {2}\}\);/gs,
    (_, name: string, parameters: string, body: string) => `${name}: (function(${parameters}) {${body}\n})});`,
  );
}

/** Keeps properties that a connector adds to Object.prototype from being taken for exports. */
function ownKeysOnly(text: string): string {
  return text.replaceAll('for (var name in all)', 'for (var name of Object.keys(all))');
}

async function bundle(library: LibraryName): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryOf(library)],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'library',
    target: TARGET,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    define: globalsOf(library),
    inject: library === 'fetch' ? [`${here}node/globals.ts`] : [],
    plugins: [substitute(library)],
    logLevel: 'error',
  });
  const text = `${PREFIX}function (web) { 'use strict'; var nothing = {}; ${ownKeysOnly(eager(outputFiles[0]?.text ?? ''))} return library; };`;
  const { code } = await transform(text, {
    minifyWhitespace: true,
    minifySyntax: true,
    charset: 'ascii',
    target: TARGET,
    legalComments: 'none',
  });
  return `(${code.trim().slice(PREFIX.length, -1)})\n`;
}

export async function writeLibraries(): Promise<void> {
  const texts = await Promise.all(libraryNames.map(async (name) => [name, await bundle(name)] as const));
  rmSync(libraries, { recursive: true, force: true });
  mkdirSync(libraries);
  for (const [name, text] of texts) writeFileSync(`${libraries}${name}.js`, text);
}
