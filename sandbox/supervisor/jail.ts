/**
 * What a compartment's process may do, as flags of Node's permission model. Everything else is denied:
 * the network (from Node 25; Node 24 has no such permission), child processes, writing, other files.
 */
import { realpathSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const sandboxFolder = fileURLToPath(new URL('..', import.meta.url));
const libraries = ['piscina', 'isolated-vm'];
/** The loader of isolated-vm's binary looks for this file to tell which C library the system has. */
const MUSL_MARKER = '/etc/alpine-release';

/** What a compartment reads when it starts. */
function readablePaths(): string[] {
  const ownManifest = findPackageJSON('..', import.meta.url);
  const isolatedVm = packageFolder('isolated-vm', import.meta.url);
  const folders = [
    ...libraries.map((name) => packageFolder(name, import.meta.url)),
    packageFolder('node-gyp-build', join(isolatedVm, 'package.json')),
  ];
  return [`${sandboxFolder}*`, ...(ownManifest ? [ownManifest] : []), ...folders.flatMap(withLink), MUSL_MARKER];
}

/** Some package managers link a library's folder. Then the link must be readable, too. */
function withLink(folder: string): string[] {
  const real = realpathSync(folder);
  return real === folder ? [`${folder}${sep}*`] : [folder, `${folder}${sep}*`, `${real}${sep}*`];
}

function packageFolder(name: string, from: string): string {
  const manifest = findPackageJSON(name, from);
  if (!manifest) throw new Error(`the library ${name} is not installed`);
  return dirname(manifest);
}

export function jailFlags(): string[] {
  return [
    '--no-node-snapshot',
    // Isolates share no compiled code, and most get too few calls to leave the interpreter otherwise.
    '--always-sparkplug',
    '--permission',
    '--allow-addons',
    '--allow-worker',
    // SQLite opens and writes databases without asking for a permission.
    '--no-experimental-sqlite',
    '--disable-sigusr1',
    ...readablePaths().map((path) => `--allow-fs-read=${path}`),
    '--disable-warning=SecurityWarning',
  ];
}
