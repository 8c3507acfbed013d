/**
 * What a compartment's process is allowed, as flags of Node's permission model. Not named, hence
 * denied: the network (from Node 25 on; Node 24 has no such permission), child processes, writing,
 * every other file.
 */
import { realpathSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const sandboxFolder = fileURLToPath(new URL('..', import.meta.url));
const libraries = ['piscina', 'isolated-vm'];
/** Its presence tells the loader of isolated-vm's binary which C library there is. */
const CLIBRARY_MARK = '/etc/alpine-release';

/** Folders and files that a compartment reads when it starts. */
function readablePaths(): string[] {
  const ownManifest = findPackageJSON('..', import.meta.url);
  const isolatedVm = packageFolder('isolated-vm', import.meta.url);
  const folders = [
    ...libraries.map((name) => packageFolder(name, import.meta.url)),
    packageFolder('node-gyp-build', join(isolatedVm, 'package.json')),
  ];
  return [`${sandboxFolder}*`, ...(ownManifest ? [ownManifest] : []), ...folders.flatMap(withLink), CLIBRARY_MARK];
}

/** Some package managers make a folder of a library a link: then the link is read, too. */
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
    // Each isolate compiles for itself, and most have too few calls to come to a compiler.
    '--always-sparkplug',
    '--permission',
    '--allow-addons',
    '--allow-worker',
    // Opens and writes databases without asking for a permission.
    '--no-experimental-sqlite',
    '--disable-sigusr1',
    ...readablePaths().map((path) => `--allow-fs-read=${path}`),
    '--disable-warning=SecurityWarning',
  ];
}
