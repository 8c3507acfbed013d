/** Turns a project into a bundle: builds it if it has a source, and reads it as the runtime does. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Connector, readBundle } from '../connector/bundle.ts';
import { type BundleFiles, folderFiles, tooLarge } from '../connector/bundle-files.ts';
import type { LoadResult } from '../connector/load-check.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type PartSize, sizeSummary } from './bundle-sizes.ts';
import { type BundleOptions, bundleSource, importFindings, NoBundlerError } from './bundler.ts';
import { type Finding, isError } from './finding.ts';
import { loadConnector } from './load.ts';
import { deriveManifest } from './old-style-manifest.ts';
import type { Project } from './project.ts';

const MANIFEST = 'package.json';

/** By path in the bundle. */
export type Files = ReadonlyMap<string, Buffer>;

export interface ProjectBuild {
  readonly findings: readonly Finding[];
  /** Absolute paths of the source files, if the build succeeded. */
  readonly inputs?: readonly string[];
  /** Parts of the built file, largest first. */
  readonly sizes?: readonly PartSize[];
  /** Fields and values of an old connector's manifest that were derived from the code. */
  readonly derived?: readonly (readonly [field: string, value: string])[];
  /** Present if the code had to be loaded to build. */
  readonly loaded?: LoadResult;
  /** Absent if the findings include errors. */
  readonly bundle?: { readonly connector: Connector; readonly files: Files };
}

/** Builds in memory; writes nothing. @throws NoBundlerError if the project needs building */
export async function buildProject(project: Project, options: BundleOptions = {}): Promise<ProjectBuild> {
  if (project.source !== undefined) {
    const { files, findings, inputs, sizes } = await buildSource(project, project.source, options);
    const all = [...project.warnings, ...findings];
    if (findings.some(isError)) return { findings: all };
    const built = { ...(await readBuilt(project, files, all, sizes)), inputs, sizes };
    return project.oldStyle && built.bundle ? withManifest(project, project.oldStyle, files, built) : built;
  }
  const build = await readBuilt(project, new Map(), project.warnings, []);
  if (!build.bundle) return build;
  const findings = [...build.findings, ...(await checkImports(project))];
  return findings.some(isError) ? { findings } : { ...build, findings };
}

/** Completes an old connector's manifest from the code's exports. */
async function withManifest(
  project: Project,
  oldStyle: JsonObject,
  files: Files,
  { findings, inputs = [], sizes = [], bundle }: ProjectBuild,
): Promise<ProjectBuild> {
  if (!bundle) return { findings };
  const loaded = await loadConnector(bundle.connector);
  const { sections, isFlat = false } = loaded;
  // It does not load. `loaded` has the reason.
  if (!sections) return { findings, inputs, sizes, bundle, loaded };
  const {
    manifest,
    derived,
    findings: more,
  } = await deriveManifest(project.folder, oldStyle, { sections, isFlat }, inputs);
  if (more.some(isError)) return { findings: [...findings, ...more] };
  const complete = new Map([...files, [MANIFEST, manifestText(manifest)]]);
  return { ...(await readBuilt(project, complete, [...findings, ...more], sizes)), inputs, sizes, derived, loaded };
}

const manifestText = (manifest: JsonObject): Buffer => Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);

/** Reads the bundle as the runtime does. */
async function readBuilt(
  project: Project,
  outputs: Files,
  earlier: readonly Finding[],
  sizes: readonly PartSize[],
): Promise<ProjectBuild> {
  const bundle = await readBundle(overlay(project.folder, outputs), project.name);
  if (bundle.connector) return { findings: earlier, bundle };
  const refusals = bundle.reasons.map(
    ({ field = '', message }): Finding => ({
      severity: 'error',
      ...project.locationOf(field),
      field,
      // In a built file, only the size can be wrong.
      message: field === 'main' && sizes.length > 0 ? `${message}; its largest parts: ${sizeSummary(sizes)}` : message,
    }),
  );
  return { findings: [...earlier, ...refusals] };
}

async function buildSource(
  project: Project,
  source: string,
  options: BundleOptions,
): Promise<{ files: Files; findings: readonly Finding[]; inputs: readonly string[]; sizes: readonly PartSize[] }> {
  const { code, map, findings, inputs = [], sizes = [] } = await bundleSource(project, source, options);
  const main = mainOf(project);
  const files = code === undefined ? [] : [[main, code] as const, [`${main}.map`, map] as const];
  // Allow any functions until the code's exports are known.
  const { oldStyle } = project;
  if (oldStyle && code !== undefined) {
    const connector = { ...(isJsonObject(oldStyle.connector) ? oldStyle.connector : {}), diy: true };
    files.push([MANIFEST, String(manifestText({ ...oldStyle, connector }))]);
  }
  return { files: new Map(files.map(([path, text]) => [path, Buffer.from(text)])), findings, inputs, sizes };
}

async function checkImports(project: Project): Promise<readonly Finding[]> {
  try {
    return await importFindings(project);
  } catch (error) {
    if (!(error instanceof NoBundlerError)) throw error;
    const message = `imports were not checked. ${error.message}`;
    return [{ severity: 'warning', ...project.locationOf('main'), message }];
  }
}

export const mainOf = ({ manifest }: Pick<Project, 'manifest'>): string => manifest.main.replace(/^\.\//, '');

/** The folder's files, with build outputs in front. */
function overlay(folder: string, outputs: Files): BundleFiles {
  const own = folderFiles(folder);
  return {
    async read(path, limitBytes) {
      const bytes = outputs.get(path.replace(/^\.\//, ''));
      if (!bytes) return own.read(path, limitBytes);
      if (bytes.length > limitBytes) throw tooLarge(limitBytes);
      return bytes;
    },
  };
}

/** Writes a bundle's files, the manifest last, so that a watching server never loads half of it. */
export async function writeFiles(files: Files, folder: string): Promise<void> {
  const isManifest = ([path]: readonly [string, Buffer]): boolean => path === MANIFEST;
  const ordered = [...files].sort((a, b) => Number(isManifest(a)) - Number(isManifest(b)));
  for (const [path, content] of ordered) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(`${target}.tmp`, content);
    await rename(`${target}.tmp`, target);
  }
}
