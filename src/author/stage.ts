/** A project as the bundle that a runtime gets: built if it has a source, and read as the runtime reads it. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Connector, readBundle } from '../connector/bundle.ts';
import { type BundleResult, bundleSource, importFindings, NoBundlerError } from './bundler.ts';
import { type Finding, isError } from './finding.ts';
import type { Project } from './project.ts';

/** A file of a bundle, with its path in it. */
export interface BundleFile {
  readonly path: string;
  readonly content: Uint8Array;
}

export interface Staged {
  readonly findings: readonly Finding[];
  /** Absent if there are errors among the findings. */
  readonly files?: readonly BundleFile[];
}

/** The files of the bundle; nothing is written. */
export async function filesOf(project: Project): Promise<Staged> {
  const { folder, manifest, source, warnings } = project;
  const main = manifest.main.replace(/^\.\//, '');
  const result = source === undefined ? await asItIs(project) : await bundled(project, source);
  const findings = [...warnings, ...result.findings];
  if (!result.code || findings.some(isError)) return { findings };
  const map = result.map;
  const image = await imageFile(project);
  return {
    findings,
    files: [
      { path: 'package.json', content: await readFile(join(folder, 'package.json')) },
      { path: main, content: result.code },
      ...(map ? [{ path: `${main}.map`, content: map }] : []),
      ...(image ? [image] : []),
    ],
  };
}

interface Code {
  readonly code?: Uint8Array | undefined;
  readonly map?: Uint8Array | undefined;
  readonly findings: readonly Finding[];
}

async function bundled(project: Project, source: string): Promise<Code> {
  const result: BundleResult = await bundleSource(project, source);
  if (result.code === undefined) return result;
  return { code: Buffer.from(result.code), map: Buffer.from(result.map), findings: result.findings };
}

async function asItIs(project: Project): Promise<Code> {
  const { folder, manifest, placeOf } = project;
  let code: Buffer;
  try {
    code = await readFile(join(folder, manifest.main));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : 'is not a file that can be read';
    const message = `main (${manifest.main}) ${why}`;
    return { findings: [{ severity: 'error', ...placeOf('main'), field: 'main', message }] };
  }
  const map = await readFile(join(folder, `${manifest.main}.map`)).catch(() => undefined);
  return { code, map, findings: await ownImports(project) };
}

async function ownImports(project: Project): Promise<readonly Finding[]> {
  try {
    return await importFindings(project);
  } catch (error) {
    if (!(error instanceof NoBundlerError)) throw error;
    const message = 'imports were not looked at: that needs esbuild (npm install --save-dev esbuild)';
    return [{ severity: 'warning', ...project.placeOf('main'), message }];
  }
}

/** What `imageURL` names, if it is a file of the bundle. */
async function imageFile({ folder, manifest }: Project): Promise<BundleFile | undefined> {
  const image = manifest.connector.imageURL?.replace(/^\.\//, '');
  if (image === undefined || /^[a-z][a-z0-9+.-]*:|^\/|(?:^|\/)\.\.(?:\/|$)/i.test(image)) return undefined;
  const content = await readFile(join(folder, image)).catch(() => undefined);
  return content && { path: image, content };
}

/** Writes a bundle's files, the manifest last: a server that watches the folder takes none of it half. */
export async function writeFiles(files: readonly BundleFile[], folder: string): Promise<void> {
  const [manifest, ...others] = files;
  for (const { path, content } of [...others, ...(manifest ? [manifest] : [])]) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(`${target}.tmp`, content);
    await rename(`${target}.tmp`, target);
  }
}

/** The bundle as the runtime reads it: sizes, format, digest. */
export async function readStaged(
  project: Project,
  files: readonly BundleFile[],
  folder: string,
): Promise<{ readonly connector?: Connector; readonly findings: readonly Finding[] }> {
  await writeFiles(files, folder);
  const { connector, reasons } = await readBundle(folder, project.name);
  const findings = reasons.map(
    ({ field = '', message }): Finding => ({ severity: 'error', ...project.placeOf(field), field, message }),
  );
  return connector ? { connector, findings } : { findings };
}

export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
