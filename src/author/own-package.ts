/** This package as a new project depends on it. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Versions } from './scaffold.ts';

interface OwnPackage {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/**
 * Other tools get the versions that this package was developed with. This package itself comes from the registry it was
 * installed from, or else from the folder it runs in: not every registry has it.
 *
 * @param folder of the new project
 */
export function versionsFor(folder: string): Versions {
  const manifest = findPackageJSON('..', import.meta.url) ?? '';
  const { version, devDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as OwnPackage;
  const of = (name: string): string => devDependencies[name] ?? 'latest';
  const caret = (range: string): string => (/^\d/.test(range) ? `^${range}` : range);
  const own = dirname(manifest);
  const source = isFromRegistry(own)
    ? { bulkhead: caret(version), scripts: 'isolated-vm' }
    : // npm names a link by its path from `node_modules`.
      {
        bulkhead: `file:${pathBetween(folder, own)}`,
        scripts: `file:${pathBetween(join(folder, 'node_modules'), own)}`,
      };
  return {
    ...source,
    esbuild: caret(of('esbuild')),
    typescript: of('typescript'),
    types: of('@types/node'),
  };
}

/** Whether npm downloaded it, according to npm's records in `node_modules`. */
function isFromRegistry(own: string): boolean {
  const modules = dirname(own);
  try {
    const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as {
      packages: Readonly<Record<string, { readonly resolved?: string }>>;
    };
    return /^https?:/.test(packages['node_modules/bulkhead']?.resolved ?? '');
  } catch {
    // A checkout, or another package manager.
    return false;
  }
}

/** Relative, so that both may move together; absolute on another drive. */
function pathBetween(from: string, to: string): string {
  const path = relative(from, to);
  return (isAbsolute(path) ? path : path || '.').replaceAll(sep, '/');
}
