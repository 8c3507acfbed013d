/** An esbuild plugin for imports of Node's modules: polyfills where possible, modules that throw otherwise. */
import { createRequire, isBuiltin } from 'node:module';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import {
  absentModuleFile,
  absentPackages,
  inlinedFilesModule,
  nodeGlobals,
  nodeModule,
  partOfNodeModule,
} from '../../sandbox/index.ts';
import { type ImportChains, packageIn, packageOf } from './import-chains.ts';
import { FileInliner, type FileTable, type InlinedFile } from './inlined-files.ts';

export const NODE_MODULE = 'node-module';
export const INLINED_FILE = 'inlined-file';

const RESOLVED = Symbol('resolved by this plugin');
const polyfills = `${dirname(absentModuleFile)}${sep}`;

const withoutScheme = (specifier: string): string => specifier.replace(/^node:/, '');

/** Imports of the polyfills themselves that need another module. */
const ofPolyfills: readonly { readonly importer: RegExp; readonly imported: string; readonly module: string }[] = [
  { importer: /[\\/]readable-stream[\\/]/, imported: 'process/', module: 'process' },
  // Parses queries as Node does, and is much smaller.
  { importer: /[\\/]url[\\/]url\.js$/, imported: 'qs', module: 'querystring' },
];

interface Absent {
  readonly neededBy: string | undefined;
  /** Files that the importer reads with `fs`. */
  readonly table?: FileTable | undefined;
}

/**
 * @param folder of the project
 * @param nodeBuilds packages whose builds for Node are used
 */
export function nodeModules(folder: string, chains: ImportChains, nodeBuilds: readonly string[]): Plugin {
  return {
    name: 'node modules',
    setup(build) {
      const warned = new Set<string>();
      const inliner = new FileInliner(folder, build);
      const inlined = new Map<string, InlinedFile>();
      build.onResolve({ filter: /.*/ }, async (args): Promise<OnResolveResult | undefined> => {
        const { path, importer } = args;
        if (path.startsWith(`${INLINED_FILE}:`))
          return { path: path.slice(INLINED_FILE.length + 1), namespace: INLINED_FILE };
        if (nodeGlobals.some(({ file }) => file === path)) return { path, sideEffects: false };
        // Unused parts of our polyfills are left out.
        if (importer.startsWith(polyfills) && path.startsWith('.')) {
          return { path: join(dirname(importer), path), sideEffects: false };
        }
        if (args.kind === 'entry-point' || args.pluginData === RESOLVED) return undefined;
        const own = ofPolyfills.find((each) => each.imported === path && each.importer.test(importer));
        const name = own?.module ?? withoutScheme(path);
        if (own || (isBuiltin(path) && !(await isRemapped(build, args)))) {
          if (nodeModule(name)) return { path: name, namespace: NODE_MODULE, sideEffects: false };
        } else if (!absentPackages.includes(path)) {
          return resolvedAsInNode(args, nodeBuilds);
        }
        const neededBy = packageOf(importer);
        const key = `${name} ${neededBy ?? importer}`;
        const isFirst = !warned.has(key);
        warned.add(key);
        const table = name === 'fs' ? await inliner.tableFor(importer) : undefined;
        for (const file of table?.files.values() ?? []) inlined.set(nameOf(file.path, folder), file);
        const hasFiles = table?.isEmpty === false;
        const absent = isFirst && table?.isAll !== true ? [{ text: absentText(path, chains.to(importer)) }] : [];
        return {
          path: [
            name,
            ...(neededBy === undefined ? [] : [`for ${neededBy}`]),
            ...(hasFiles ? [`in ${nameOf(importer, folder)}`] : []),
          ].join(' '),
          namespace: NODE_MODULE,
          pluginData: { neededBy, table: hasFiles ? table : undefined } satisfies Absent,
          sideEffects: false,
          warnings: isFirst ? [...absent, ...(table?.warnings ?? [])] : [],
        };
      });
      build.onLoad(
        { filter: /.*/, namespace: NODE_MODULE },
        ({ path, pluginData }): OnLoadResult => ({
          contents: contentsOf(path, pluginData as Absent | undefined, folder),
          loader: 'js',
          resolveDir: polyfills,
        }),
      );
      build.onLoad({ filter: /.*/, namespace: INLINED_FILE }, ({ path }): OnLoadResult => {
        const { bytes = Buffer.of(), isText = true } = inlined.get(path) ?? {};
        return { contents: bytes, loader: isText ? 'text' : 'base64' };
      });
    },
  };
}

/** For packages whose builds for Node are used, and for their imports. */
function resolvedAsInNode(
  { path, importer, resolveDir }: OnResolveArgs,
  nodeBuilds: readonly string[],
): OnResolveResult | undefined {
  const isOfBuild = (name: string | undefined): boolean => name !== undefined && nodeBuilds.includes(name);
  if (!isOfBuild(packageIn(path)) && !isOfBuild(packageOf(importer))) return undefined;
  try {
    return { path: createRequire(join(resolveDir, 'importer.js')).resolve(path) };
  } catch {
    return undefined;
  }
}

const absentText = (specifier: string, chain: string): string =>
  `${specifier} is not available: it loads, and throws ERR_NOT_AVAILABLE when it is used${chain}`;

/** Whether the importing package's `browser` field replaces the module. */
async function isRemapped(build: PluginBuild, args: OnResolveArgs): Promise<boolean> {
  const { path, kind, importer, resolveDir } = args;
  if (path.startsWith('node:')) return false;
  const resolved = await build.resolve(path, { kind, importer, resolveDir, pluginData: RESOLVED });
  if (resolved.errors.length > 0) return false;
  // It replaces the module with nothing, because browsers lack it. Use our polyfill if there is one.
  if (!isAbsolute(resolved.path)) return nodeModule(path) === undefined;
  // For a package with the same name, such as `events`, Node prefers its own module.
  return packageOf(resolved.path) !== path;
}

/** CommonJS, so that `require` returns the same as in Node: a function, or an object that can be patched. */
function contentsOf(path: string, absent: Absent | undefined, folder: string): string {
  const module = nodeModule(path);
  if (module) return `module.exports = ${expressionOf(module)};\n`;
  const [name = ''] = path.split(' ');
  const part = partOfNodeModule(name);
  const present = part ? expressionOf(part) : '{}';
  const args = [
    JSON.stringify(name),
    JSON.stringify(absent?.neededBy) ?? 'undefined',
    absent?.table ? `{ ...${present}, ...${fileSystemOf(absent.table, folder)} }` : present,
  ];
  return `module.exports = require(${JSON.stringify(absentModuleFile)}).absentModule(${args.join(', ')});\n`;
}

/** A file's name in the metafile. */
const nameOf = (path: string, folder: string): string => relative(folder, path).split(sep).join('/');

function fileSystemOf({ files, folders, present, wantsBytes }: FileTable, folder: string): string {
  const contents = (isText: boolean): string => {
    const ofKind = [...files].filter(([, file]) => file.isText === isText);
    const entries = ofKind.map(([path, file]) => [
      path,
      `require(${JSON.stringify(`${INLINED_FILE}:${nameOf(file.path, folder)}`)})`,
    ]);
    return `{ ${entries.map(([path, value]) => `[${JSON.stringify(path)}]: ${value}`).join(', ')} }`;
  };
  const table = `{ texts: ${contents(true)}, binaries: ${contents(false)}, folders: ${JSON.stringify(Object.fromEntries(folders))}, present: ${JSON.stringify(present)} }`;
  const buffer = nodeModule('buffer');
  const bytes = wantsBytes && buffer ? `, ${expressionOf(buffer)}.Buffer` : '';
  return `${expressionOf(inlinedFilesModule)}(${table}${bytes})`;
}

function expressionOf({ file, member, part }: NonNullable<ReturnType<typeof nodeModule>>): string {
  return `require(${JSON.stringify(file)}).${member}${part === undefined ? '' : `.${part}`}`;
}
