/** Bundles a project's source into one file with a source map, or only checks its imports. Uses the author's esbuild. */
import { createRequire } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import type { BuildOptions, BuildResult, Message } from 'esbuild';
import type { Finding } from './finding.ts';
import { bundledImports, ownImports } from './guest-imports.ts';
import type { Project } from './project.ts';

type Esbuild = typeof import('esbuild');

/** esbuild is not installed: an optional peer dependency, since servers do not need it. */
export class NoBundlerError extends Error {
  override readonly name = 'NoBundlerError';
  constructor() {
    super('This needs esbuild: npm install --save-dev esbuild');
  }
}

export interface BundleSuccess {
  readonly code: string;
  /** The source map as JSON, without the sources' contents. */
  readonly map: string;
  readonly findings: readonly Finding[];
  /** Absolute paths of the bundled source files. */
  readonly inputs: readonly string[];
}

/** Without code if the findings include errors. */
export type BundleResult =
  | BundleSuccess
  | { readonly code?: never; readonly map?: never; readonly inputs?: never; readonly findings: readonly Finding[] };

/** @throws NoBundlerError */
export async function bundleSource(project: Project, source: string): Promise<BundleResult> {
  const { manifest } = project;
  const { result, findings } = await runEsbuild(project, {
    ...commonOptions(project),
    entryPoints: [source],
    outfile: manifest.main,
    plugins: [bundledImports],
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
  });
  const text = (ending: string): string | undefined =>
    result?.outputFiles?.find(({ path }) => path.endsWith(ending))?.text;
  const [code, map] = [text(manifest.main.replace(/^.*\//, '')), text('.map')];
  if (code === undefined || map === undefined) return { findings };
  const inputs = Object.keys(result?.metafile?.inputs ?? {}).map((path) => resolve(project.folder, path));
  return { code, map, findings, inputs };
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

function commonOptions({ manifest: { main, type } }: Project): BuildOptions {
  const isModule = main.endsWith('.mjs') || (type === 'module' && !main.endsWith('.cjs'));
  return {
    bundle: true,
    write: false,
    format: isModule ? 'esm' : 'cjs',
    // Isolates have no Node: take the browser builds of libraries.
    platform: 'browser',
    target: 'es2024',
    define: { 'process.env.NODE_ENV': '"production"' },
    // A module with top-level await would not load.
    supported: { 'top-level-await': false },
    charset: 'utf8',
    logLevel: 'silent',
  };
}

async function runEsbuild(
  project: Project,
  options: BuildOptions,
): Promise<{ result?: BuildResult; findings: readonly Finding[] }> {
  const esbuild = await loadEsbuild(project.folder);
  try {
    const result = await esbuild.build({ ...options, absWorkingDir: project.folder });
    return { result, findings: findingsOf(project, [], result.warnings) };
  } catch (error) {
    const { errors, warnings = [] } = error as { errors?: Message[]; warnings?: Message[] };
    if (!errors) throw error;
    return { findings: findingsOf(project, errors, warnings) };
  }
}

/** Next to this package, or else in the project. */
async function loadEsbuild(folder: string): Promise<Esbuild> {
  try {
    return await import('esbuild');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
  }
  const require = createRequire(join(folder, 'package.json'));
  try {
    return require('esbuild') as Esbuild;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') throw new NoBundlerError();
    throw error;
  }
}

function findingsOf(project: Project, errors: readonly Message[], warnings: readonly Message[]): Finding[] {
  // Only editors need our tsconfig: without it the code is the same.
  const others = warnings.filter(({ text }) => !/^Cannot find base config file "bulkhead\//.test(text));
  return [
    ...errors.map((message) => findingOf(project, message, 'error')),
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
