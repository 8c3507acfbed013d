/** Bundles a project's source into one file with a source map, or only checks its imports. Uses the author's esbuild. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { BuildOptions, BuildResult, Message } from 'esbuild';
import { formSenders, nodeBuilds, nodeGlobals } from '../../sandbox/index.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type PartSize, sizesOf } from './bundle-sizes.ts';
import type { Finding } from './finding.ts';
import { bundledImports, ownImports } from './guest-imports.ts';
import { ImportChains, packageOf } from './import-chains.ts';
import { nodeModules } from './node-modules.ts';
import type { Project } from './project.ts';
import { staticRequires } from './static-requires.ts';
import { mentionsXmlHttpRequest, xmlHttpRequests } from './xml-http-requests.ts';

type Esbuild = typeof import('esbuild');

/** esbuild is not installed: an optional peer dependency, since servers do not need it. */
export class NoBundlerError extends Error {
  override readonly name = 'NoBundlerError';
  constructor(isListed = false) {
    super(`This needs esbuild: npm install${isListed ? '' : ' --save-dev esbuild'}`);
  }
}

export interface BundleSuccess {
  readonly code: string;
  /** The source map as JSON, without the sources' contents. */
  readonly map: string;
  readonly findings: readonly Finding[];
  /** Absolute paths of the bundled source files. */
  readonly inputs: readonly string[];
  /** Largest first. */
  readonly sizes: readonly PartSize[];
}

export interface BundleOptions {
  /** Names of functions and classes are kept, because errors and logs show them. */
  readonly minify?: boolean | undefined;
}

/** Without code if the findings include errors. */
export type BundleResult =
  | BundleSuccess
  | {
      readonly code?: never;
      readonly map?: never;
      readonly inputs?: never;
      readonly sizes?: never;
      readonly findings: readonly Finding[];
    };

/** @throws NoBundlerError */
export async function bundleSource(
  project: Project,
  source: string,
  { minify = false }: BundleOptions = {},
): Promise<BundleResult> {
  let needs: Needs = { globals: [], nodeBuilds, hasXmlHttpRequests: false };
  for (;;) {
    const result = await bundleWith(project, source, minify, needs);
    const more = needsOf(result, needs);
    if (isDeepStrictEqual(more, needs)) return result;
    needs = more;
  }
}

/** Needs that show only in the built bundle. Most bundles have none and are not built again. */
interface Needs {
  /** Files to inject for globals of Node. */
  readonly globals: readonly string[];
  /** Packages whose builds for Node are used. */
  readonly nodeBuilds: readonly string[];
  readonly hasXmlHttpRequests: boolean;
}

function needsOf(
  { code = '', inputs = [] }: BundleResult,
  { globals, nodeBuilds: builds, hasXmlHttpRequests }: Needs,
): Needs {
  const packages = new Set(inputs.map(packageOf));
  const sendsForms = packages.has('form-data') && formSenders.some((name) => packages.has(name));
  return {
    globals: nodeGlobals.flatMap(({ used, file }) => (globals.includes(file) || used.test(code) ? [file] : [])),
    nodeBuilds: sendsForms && builds === nodeBuilds ? [...nodeBuilds, ...formSenders] : builds,
    hasXmlHttpRequests: hasXmlHttpRequests || mentionsXmlHttpRequest(code),
  };
}

async function bundleWith(
  project: Project,
  source: string,
  minify: boolean,
  { globals, nodeBuilds, hasXmlHttpRequests }: Needs,
): Promise<BundleResult> {
  const { manifest } = project;
  const chains = new ImportChains(project.folder);
  const options: BuildOptions = {
    ...commonOptions(project),
    entryPoints: [source],
    outfile: manifest.main,
    // esbuild writes nothing here. An old connector's `main` may have the name of the output.
    allowOverwrite: true,
    plugins: [
      bundledImports(chains),
      nodeModules(project.folder, chains, nodeBuilds),
      staticRequires(project.folder),
      ...(hasXmlHttpRequests ? [xmlHttpRequests] : []),
    ],
    inject: [...globals],
    define: { ...definitions, ...fileNames },
    minify,
    keepNames: minify,
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
  };
  const { result, findings } = await runEsbuild(project, options, chains);
  const text = (ending: string): string | undefined =>
    result?.outputFiles?.find(({ path }) => path.endsWith(ending))?.text;
  const [code, map] = [text(manifest.main.replace(/^.*\//, '')), text('.map')];
  if (code === undefined || map === undefined || !result?.metafile) return { findings };
  const { metafile } = result;
  const inputs = Object.keys(metafile.inputs).map((path) => resolve(project.folder, path));
  return { code, map, findings, inputs, sizes: sizesOf(metafile, project.folder) };
}

/** Forbidden imports of a main file that is not built. @throws NoBundlerError */
export async function importFindings(project: Project): Promise<readonly Finding[]> {
  const { manifest } = project;
  const options = {
    ...commonOptions(project),
    entryPoints: [manifest.main],
    outfile: 'unused.js',
    plugins: [ownImports],
  };
  return (await runEsbuild(project, options)).findings;
}

const definitions = { 'process.env.NODE_ENV': '"production"' };

/** A bundle has no files beside it. */
const fileNames = {
  __dirname: '"/"',
  __filename: '"/index.js"',
  'import.meta.dirname': '"/"',
  'import.meta.filename': '"/index.js"',
  'import.meta.url': '"file:///index.js"',
};

function commonOptions({ manifest: { main, type } }: Project): BuildOptions {
  const isModule = main.endsWith('.mjs') || (type === 'module' && !main.endsWith('.cjs'));
  return {
    bundle: true,
    write: false,
    format: isModule ? 'esm' : 'cjs',
    // Isolates have no Node: take the builds of libraries for workers and browsers.
    platform: 'browser',
    conditions: ['worker', 'browser', 'module'],
    target: 'es2024',
    define: definitions,
    // A module with top-level await would not load.
    supported: { 'top-level-await': false },
    charset: 'utf8',
    logLevel: 'silent',
  };
}

async function runEsbuild(
  project: Project,
  options: BuildOptions,
  chains = new ImportChains(project.folder),
): Promise<{ result?: BuildResult; findings: readonly Finding[] }> {
  const esbuild = await loadEsbuild(project);
  try {
    const result = await esbuild.build({ ...options, absWorkingDir: project.folder });
    return { result, findings: findingsOf(project, chains, [], result.warnings) };
  } catch (error) {
    const { errors, warnings = [] } = error as { errors?: Message[]; warnings?: Message[] };
    if (!errors) throw error;
    return { findings: findingsOf(project, chains, errors, warnings) };
  }
}

/** Next to this package, or else in the project. */
async function loadEsbuild({ folder }: Project): Promise<Esbuild> {
  try {
    return await import('esbuild');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
  }
  const require = createRequire(join(folder, 'package.json'));
  try {
    return require('esbuild') as Esbuild;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const text = await readFile(join(folder, 'package.json'), 'utf8');
    const { devDependencies } = JSON.parse(text.replace(/^\uFEFF/, '')) as JsonObject;
    throw new NoBundlerError(isJsonObject(devDependencies) && Object.hasOwn(devDependencies, 'esbuild'));
  }
}

const ignoredWarnings = [
  // Only editors need our tsconfig: without it the code is the same.
  /^Cannot find base config file "bulkhead\//,
  // An import of one of Node's modules for its side effects: there are none.
  /^Ignoring this import because "node-module:/,
];

function findingsOf(
  project: Project,
  chains: ImportChains,
  errors: readonly Message[],
  warnings: readonly Message[],
): Finding[] {
  const others = warnings.filter(({ text }) => !ignoredWarnings.some((pattern) => pattern.test(text)));
  return [
    ...errors.map((message) => {
      const chain = message.location ? chains.to(resolve(project.folder, message.location.file)) : '';
      return findingOf(project, { ...message, text: message.text + chain }, 'error');
    }),
    ...others.map((message) => findingOf(project, message, 'warning')),
  ];
}

function findingOf(project: Project, { text, location }: Message, severity: Finding['severity']): Finding {
  // The problem is the entry file itself: point at its name in package.json.
  if (!location)
    return { severity, ...project.locationOf(project.source === undefined ? 'main' : 'source'), message: text };
  const { file, line, column, lineText } = location;
  const shown = file.startsWith(project.folder) ? relative(project.folder, file) : file;
  // esbuild's columns are in bytes.
  const before = Buffer.from(lineText).subarray(0, column).toString().length;
  return { severity, file: shown.split(sep).join('/'), line, column: before + 1, message: text };
}
