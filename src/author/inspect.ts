/** Checks in a real compartment whether a bundle loads and has the functions its manifest names. */
import type { SectionName } from '../../sandbox/index.ts';
import type { Manifest } from '../connector/manifest.ts';
import { didYouMean } from '../did-you-mean.ts';
import { SourceLines } from '../run/source-lines.ts';
import type { BundleOptions } from './bundler.ts';
import { type Finding, isError } from './finding.ts';
import { loadConnector } from './load.ts';
import type { OldStyleOptions } from './old-style.ts';
import { type Project, readProject } from './project.ts';
import { buildProject, type ProjectBuild } from './project-build.ts';

export interface Inspection extends ProjectBuild {
  readonly project?: Project;
  /** Function names by section. */
  readonly sections?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Checks everything that can be checked without calling the connector's functions.
 *
 * @throws NoBundlerError, or RequestError `overloaded` if the machine was too busy to load it
 */
export async function inspectProject(
  folder: string,
  onStep: (step: string) => void = () => {},
  options: BundleOptions & OldStyleOptions = {},
): Promise<Inspection> {
  const { project, findings: readFindings } = await readProject(folder, options);
  if (!project) return { findings: readFindings };
  onStep(project.source === undefined ? 'Reading' : 'Building');
  const { findings, bundle, sizes = [], derived, loaded } = await buildProject(project, options);
  if (!bundle) return { project, findings };
  onStep('Loading');
  const { problem, sections, warning } = loaded ?? (await loadConnector(bundle.connector));
  if (problem !== undefined) {
    const message = `${project.manifest.main} does not load: ${await new SourceLines().of(bundle.connector, problem)}`;
    const finding: Finding = { severity: 'error', ...project.locationOf('main'), field: 'main', message };
    return { project, findings: [...findings, finding] };
  }
  const all = [
    ...findings,
    ...missingFunctions(project, bundle.connector.manifest, sections),
    ...loadWarnings(project, warning),
  ];
  return {
    project,
    findings: all,
    sections,
    sizes,
    ...(derived ? { derived } : {}),
    ...(all.some(isError) ? {} : { bundle }),
  };
}

function loadWarnings(project: Project, warning: string | undefined): Finding[] {
  if (warning === undefined) return [];
  const message = `${project.manifest.main} loads, but ${warning}`;
  return [{ severity: 'warning', ...project.locationOf('main'), field: 'main', message }];
}

/** Functions the manifest names but the code lacks. */
function missingFunctions(
  project: Project,
  manifest: Manifest,
  sections: Readonly<Record<string, readonly string[]>>,
): Finding[] {
  const {
    installerFunction,
    updateFunction,
    preUninstallFunction,
    uninstallerFunction,
    install = [],
  } = manifest.connector;
  const references: [section: SectionName, name: string | undefined, field: string][] = [
    ['installer', installerFunction, 'connector.installerFunction'],
    ['installer', updateFunction, 'connector.updateFunction'],
    ['uninstaller', preUninstallFunction, 'connector.preUninstallFunction'],
    ['uninstaller', uninstallerFunction, 'connector.uninstallerFunction'],
    ...install.flatMap((step, i): [SectionName, string | undefined, string][] => [
      ['installer', step.installerFunction, `connector.install.${i}.installerFunction`],
      ['uninstaller', step.uninstallerFunction, `connector.install.${i}.uninstallerFunction`],
    ]),
  ];
  return references.flatMap(([section, name, field]): Finding[] => {
    const names = sections[section] ?? [];
    if (name === undefined || names.includes(name)) return [];
    const message = `the section ${section} has no function ${name}${didYouMean(name, names)}`;
    return [{ severity: 'error', ...project.locationOf(field), field, message }];
  });
}
