/** A connector's project in a temporary folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Compartment, createCompartment } from '../../src/author/compartment.ts';
import { readProject } from '../../src/author/project.ts';
import { buildProject, type ProjectBuild } from '../../src/author/project-build.ts';
import { temporaryFolder } from './folders.ts';

type Files = Readonly<Record<string, string>>;

/** `src/index.js` is the source. A text that stands for a package in `node_modules` is its only file. */
export async function projectOf(files: Files, connector: object = {}, name = 'project'): Promise<string> {
  const folder = join(await temporaryFolder(), name);
  const manifest = {
    name: 'shop',
    version: '1.0.0',
    type: 'module',
    source: 'src/index.js',
    main: 'dist/index.js',
    connector,
  };
  for (const [path, text] of Object.entries({ 'package.json': JSON.stringify(manifest, null, 2), ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** The files of an installed package. */
export function installed(name: string, code: string, manifest: object = {}): Files {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js', ...manifest }),
    [`node_modules/${name}/index.js`]: code,
  };
}

export async function built(folder: string, options?: { minify?: boolean }): Promise<ProjectBuild> {
  const { project, findings } = await readProject(folder);
  if (!project) throw new Error(JSON.stringify(findings));
  return buildProject(project, options);
}

/** A compartment with the project, closed when the test ends. */
export async function opened(folder: string): Promise<Compartment> {
  const compartment = await createCompartment(folder);
  onTestFinished(() => compartment.close());
  return compartment;
}

/** Builds the project and calls `settings.run`. */
export async function resultOf(folder: string): Promise<unknown> {
  return (await opened(folder)).call('settings', 'run');
}
