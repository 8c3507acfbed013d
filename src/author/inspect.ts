/** Whether a bundle loads, and has the functions that its manifest names: found out in a real compartment. */
import { createSandbox } from '../../sandbox/index.ts';
import type { Connector } from '../connector/bundle.ts';
import { loadBundle } from '../connector/load-check.ts';
import { objectIds } from '../store/object-id.ts';
import { type Finding, isError } from './finding.ts';
import { type Project, readProject } from './project.ts';
import { type BundleFile, filesOf, inTemporaryFolder, readStaged } from './stage.ts';

export interface Inspected {
  readonly findings: readonly Finding[];
  readonly project?: Project;
  readonly files?: readonly BundleFile[];
  /** Absent if there are errors among the findings. */
  readonly connector?: Connector;
  /** Names of the functions, by section. */
  readonly sections?: Readonly<Record<string, readonly string[]>>;
}

/** Everything that can be known of a project without running its functions. @throws NoBundlerError */
export async function inspectProject(folder: string, onStep: (step: string) => void = () => {}): Promise<Inspected> {
  const { project, findings: unread } = await readProject(folder);
  if (!project) return { findings: unread };
  onStep(project.source === undefined ? 'Reading' : 'Building');
  const staged = await filesOf(project);
  if (!staged.files) return { project, findings: staged.findings };
  const { connector, findings } = await inTemporaryFolder((temporary) =>
    readStaged(project, staged.files ?? [], temporary),
  );
  const all = [...staged.findings, ...findings];
  if (!connector) return { project, findings: all };
  onStep('Loading');
  const loaded = await loadedSections(connector);
  if (typeof loaded === 'string') {
    const message = `${connector.manifest.main} does not load: ${loaded}`;
    return { project, findings: [...all, { severity: 'error', ...project.placeOf('main'), field: 'main', message }] };
  }
  const missing = missingFunctions(project, loaded);
  const known = { project, findings: [...all, ...missing], sections: loaded };
  return known.findings.some(isError) ? known : { ...known, connector, files: staged.files };
}

async function loadedSections(connector: Connector): Promise<Record<string, readonly string[]> | string> {
  const sandbox = createSandbox({ spare: false });
  try {
    const { problem, sections } = await loadBundle(sandbox, objectIds(), connector, false);
    return problem ?? sections;
  } finally {
    await sandbox.close();
  }
}

/** Functions that the manifest names and the code does not have. */
function missingFunctions(project: Project, sections: Record<string, readonly string[]>): Finding[] {
  const {
    installerFunction,
    updateFunction,
    preUninstallFunction,
    uninstallerFunction,
    install = [],
  } = project.manifest.connector;
  const named: [section: string, name: string | undefined, field: string][] = [
    ['installer', installerFunction, 'connector.installerFunction'],
    ['installer', updateFunction, 'connector.updateFunction'],
    ['uninstaller', preUninstallFunction, 'connector.preUninstallFunction'],
    ['uninstaller', uninstallerFunction, 'connector.uninstallerFunction'],
    ...install.flatMap((step, i): [string, string | undefined, string][] => [
      ['installer', step.installerFunction, `connector.install.${i}.installerFunction`],
      ['uninstaller', step.uninstallerFunction, `connector.install.${i}.uninstallerFunction`],
    ]),
  ];
  return named.flatMap(([section, name, field]): Finding[] => {
    if (name === undefined || sections[section]?.includes(name)) return [];
    return [
      {
        severity: 'error',
        ...project.placeOf(field),
        field,
        message: `the section ${section} has no function ${name}`,
      },
    ];
  });
}
