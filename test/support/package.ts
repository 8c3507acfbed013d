/** The package as npm would install it in a project: built, and with its dependencies. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { extract } from 'tar';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const TSC_LIMIT_MS = 120_000;

function tscIn(cwd: string, args: readonly string[]): Promise<{ stdout: string }> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [tsc, ...args], { cwd, timeout: TSC_LIMIT_MS, maxBuffer: 64 * 1024 * 1024 });
}

/** Installs it in `folder/node_modules`, with everything from this project's `node_modules`. */
export async function installPackage(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'bulkhead');
  await mkdir(own, { recursive: true });
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  await tscIn(root, ['-p', 'tsconfig.build.json', '--outDir', join(own, 'dist')]);
  for (const part of [
    'sandbox/guest/libraries',
    'sandbox/guest/types',
    'src/author/templates',
    'src/dashboard/built',
  ]) {
    await cp(join(root, part), join(own, 'dist', part), { recursive: true });
  }
  for (const part of ['src/typebox', 'package.json']) await cp(join(root, part), join(own, part), { recursive: true });
}

const packedParts = [
  'src',
  'sandbox',
  'connectors',
  'docs',
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'LICENSE',
  'package.json',
];

const generatedParts = ['src/typebox/typebox.js', 'sandbox/guest/libraries', 'src/dashboard/built'].map((part) =>
  join(root, part),
);

/** A checkout as git makes it: the sources and build files, without generated files. */
export async function copyCheckout(checkout: string): Promise<void> {
  for (const part of [...packedParts, 'tsconfig.json', 'tsconfig.build.json']) {
    await cp(join(root, part), join(checkout, part), {
      recursive: true,
      filter: (path) => !generatedParts.includes(path),
    });
  }
}

/** Runs npm in a folder. */
export function npmIn(cwd: string, args: readonly string[]): Promise<{ stdout: string }> {
  // npm passes its own path to scripts; on Windows, the command `npm` is not a program.
  const { npm_execpath: npm } = process.env;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  return run(command, [...first, ...args], {
    cwd,
    timeout: TSC_LIMIT_MS,
    shell: process.platform === 'win32' && command === 'npm',
  });
}

/**
 * Makes the tarball of `npm pack` in `folder`. Builds it outside the checkout, so that other tests can use the files
 * built there.
 */
export async function packPackage(folder: string): Promise<string> {
  const checkout = join(folder, 'checkout');
  await copyCheckout(checkout);
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction');
  await npmIn(checkout, ['pack', '--offline', '--pack-destination', folder]);
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  return join(folder, tarball);
}

/**
 * Installs a tarball in `folder/node_modules`, with links to exactly the libraries that a user gets.
 *
 * @param more names of the project's own libraries
 */
export async function installTarball(tarball: string, folder: string, more: readonly string[]): Promise<void> {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'bulkhead'), { recursive: true });
  await extract({ file: tarball, cwd: join(modules, 'bulkhead'), strip: 1 });
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { readonly dev?: boolean }>;
  };
  const topLevel = Object.entries(packages).flatMap(([path, { dev = false }]) => {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path) ?? [];
    return name === undefined || dev ? [] : [name];
  });
  for (const name of [...topLevel, ...more]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
}

/** The compiler's errors in a project, such as `src/a.ts(3,5): error TS2322: …`, without the explanations below them. */
export async function typeErrors(folder: string, args: readonly string[] = []): Promise<string[]> {
  try {
    await tscIn(folder, args);
    return [];
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (!stdout) throw error;
    return stdout.split('\n').filter((line) => /^\S.*error TS/.test(line));
  }
}
