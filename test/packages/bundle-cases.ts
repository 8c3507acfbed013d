/** Builds cases as a connector. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findingLine, isError } from '../../src/author/finding.ts';
import { readProject } from '../../src/author/project.ts';
import { buildProject, writeFiles } from '../../src/author/project-build.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
export const casesFolder = join(folder, 'cases');

export interface Built {
  /** Why there is no bundle. */
  readonly problem?: string;
  readonly kib: number;
  /** Of it, Node's modules. */
  readonly nodeKib: number;
}

const kibOf = (bytes: number): number => Math.ceil(bytes / 1024);

/** @param into the bundle's folder; each case is a function of its `utilities` */
export async function bundleCases(
  connector: string,
  cases: readonly string[],
  into: string,
  origins: readonly string[],
  minify: boolean,
): Promise<Built> {
  // Beside the cases, so that packages are found.
  const project = await mkdtemp(join(folder, '.build-'));
  try {
    await writeFile(join(project, 'index.js'), sourceOf(cases, relative(project, casesFolder).replaceAll('\\', '/')));
    const manifest = {
      name: connector,
      version: '1.0.0',
      type: 'module',
      source: 'index.js',
      main: 'dist/index.js',
      connector: { permissions: { fetch: origins } },
    };
    await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
    const { project: read } = await readProject(project);
    if (!read) throw new Error(`${connector} has no project`);
    const { bundle, findings, sizes = [] } = await buildProject(read, { minify });
    const nodeBytes = sizes.find(({ name }) => name.startsWith("Node's"))?.bytes ?? 0;
    if (!bundle) return { problem: findings.filter(isError).map(findingLine).join('\n'), kib: 0, nodeKib: 0 };
    await mkdir(into, { recursive: true });
    await writeFiles(bundle.files, into);
    return { kib: kibOf(bundle.files.get('dist/index.js')?.length ?? 0), nodeKib: kibOf(nodeBytes) };
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

function sourceOf(cases: readonly string[], folder: string): string {
  const imports = cases.map((name, i) => `import case${i} from '${folder}/${name}.js';\n`);
  const functions = cases.map(
    (name, i) => `  '${name}': async (given) => JSON.parse(JSON.stringify((await case${i}(given)) ?? null)),\n`,
  );
  return `${imports.join('')}export const utilities = {\n${functions.join('')}};\n`;
}
