/** Derives the manifest of an old connector's bundle from its code: integrator.io keeps these facts in records. */
import { readFile } from 'node:fs/promises';
import { extname, relative, resolve, sep } from 'node:path';
import { isJsonObject, type JsonObject } from '../json.ts';
import { originsInCode, originsInJson } from './called-origins.ts';
import { environmentUses } from './environment-uses.ts';
import type { Finding } from './finding.ts';
import { packageOf } from './import-chains.ts';
import { INLINED_FILE } from './node-modules.ts';
import { StaticTexts } from './static-texts.ts';
import { lineAt, parseSource } from './syntax.ts';

/** The exports of a bundle. */
export interface Exports {
  /** Names of functions by section. */
  readonly sections: Readonly<Record<string, readonly string[]>>;
  /** Whether there are functions but no sections. */
  readonly isFlat: boolean;
}

export interface DerivedManifest {
  /** The bundle's package.json. */
  readonly manifest: JsonObject;
  /** Derived fields and their values. */
  readonly derived: readonly (readonly [field: string, value: string])[];
  readonly findings: readonly Finding[];
}

/** As in the manifest. */
const MAX_ORIGINS = 100;

/** Usual names of functions: integrator.io keeps the real ones in a record. */
const usual: readonly (readonly [field: string, section: string, name: RegExp])[] = [
  ['installerFunction', 'installer', usualName('install(?:er)?')],
  ['updateFunction', 'installer', usualName('updater?')],
  ['preUninstallFunction', 'uninstaller', usualName('pre_?uninstall(?:er)?')],
  ['uninstallerFunction', 'uninstaller', usualName('uninstall(?:er)?')],
];

function usualName(verb: string): RegExp {
  return new RegExp(`^(?:connector|integration)?_?${verb}_?(?:function|connector|integration|app)?$`, 'i');
}

/**
 * @param manifest from package.json; its `connector` section takes precedence
 * @param inputs absolute paths of the bundled files
 */
export async function deriveManifest(
  folder: string,
  manifest: JsonObject,
  { sections, isFlat }: Exports,
  inputs: readonly string[],
): Promise<DerivedManifest> {
  const own = isJsonObject(manifest.connector) ? manifest.connector : {};
  const findings: Finding[] = [];
  const connector: Record<string, JsonObject[string]> = {};
  for (const [field, section, pattern] of usual) {
    if (own[field] !== undefined) continue;
    const names = sections[section] ?? [];
    const matching = names.filter((name) => pattern.test(name));
    if (matching.length === 1) connector[field] = matching[0] as string;
    else if (matching.length > 1)
      findings.push(warning(`${field} may be ${matching.join(' or ')}: ${inPackageJson(`"${field}"`)}`));
    else if (field === 'installerFunction' && names.length > 0) findings.push(warning(noInstaller(names)));
  }
  if (!isFlat && Object.keys(sections).length === 0) findings.push({ ...warning(noFunctions), severity: 'error' });
  const { origins, unknownHosts, environment } = await readOwnFiles(folder, inputs);
  findings.push(...environment);
  if (own.permissions === undefined) {
    findings.push(...unknownHosts);
    if (origins.length > 0) connector.permissions = { fetch: origins.slice(0, MAX_ORIGINS) };
  }
  // Without sections, it can only be a DIY bundle.
  const diy = isFlat ? { diy: true } : {};
  const derived = Object.entries({ ...connector, ...diy }).map(([field, value]) => [field, shown(value)] as const);
  return { manifest: { ...manifest, connector: { ...connector, ...own, ...diy } }, derived, findings };
}

const shown = (value: JsonObject[string]): string => {
  const { fetch } = isJsonObject(value) ? value : {};
  return Array.isArray(fetch) ? fetch.join(', ') : String(value);
};

/** Tells the author where to set it. */
function inPackageJson(what: string): string {
  return `set ${what} in "connector" of package.json and build with --legacy`;
}

const noFunctions =
  'the code exports no functions: an old connector exports the sections installer, uninstaller, settings, hooks or wrappers';

const noInstaller = (names: readonly string[]): string =>
  `no function of installer (${names.join(', ')}) has the usual name of an installer: ${inPackageJson('"installerFunction"')}, or nothing is called when the connector is installed`;

function warning(message: string, at: Partial<Finding> = {}): Finding {
  return { severity: 'warning', file: 'package.json', line: 1, column: 1, message, ...at };
}

interface OwnFiles {
  readonly origins: readonly string[];
  readonly unknownHosts: readonly Finding[];
  readonly environment: readonly Finding[];
}

async function readOwnFiles(folder: string, inputs: readonly string[]): Promise<OwnFiles> {
  const origins = new Set<string>();
  const unknownHosts: Finding[] = [];
  const environment: Finding[] = [];
  for (const file of inputs.map((path) => ownFile(folder, path)).filter((path) => path !== undefined)) {
    const text = await readFile(resolve(folder, file), 'utf8').catch(() => '');
    if (extname(file) === '.json') {
      for (const origin of originsInJson(parsed(text))) origins.add(origin);
      continue;
    }
    const program = parseSource(text);
    if (!program) continue;
    const at = (offset: number): Partial<Finding> => ({ file, ...lineAt(text, offset) });
    const found = originsInCode(program, new StaticTexts(program));
    for (const origin of found.origins) origins.add(origin);
    unknownHosts.push(...found.unknownHosts.map((offset) => warning(unknownHost, at(offset))));
    for (const [name, offset] of environmentUses(program)) environment.push(warning(noEnvironment(name), at(offset)));
  }
  return { origins: [...origins].sort(), unknownHosts, environment };
}

const noEnvironment = (name: string): string =>
  `the environment variable ${name} is undefined: connectors have no environment. Use "opts", a setting or a connection`;

const unknownHost = `the host of this address is not known at build time: ${inPackageJson('all origins as "permissions": {"fetch": […]}')}, or requests to it fail with permission_denied`;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A file of the author, relative to the folder. */
function ownFile(folder: string, path: string): string | undefined {
  const file = relative(folder, path).split(sep).join('/').replace(`${INLINED_FILE}:`, '');
  return file.startsWith('..') || packageOf(file) !== undefined ? undefined : file;
}
