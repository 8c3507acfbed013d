/** The package as npm would install it in a project: built, and with what it depends on. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const TSC_LIMIT_MS = 120_000;

function tscIn(cwd: string, args: readonly string[]): Promise<{ stdout: string }> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [tsc, ...args], { cwd, timeout: TSC_LIMIT_MS, maxBuffer: 64 * 1024 * 1024 });
}

/** Installs it, and everything that lies beside it here, in `folder/node_modules`. */
export async function installPackage(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'bulkhead');
  await mkdir(own, { recursive: true });
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
  await tscIn(root, ['-p', 'tsconfig.build.json', '--outDir', join(own, 'dist')]);
  for (const part of ['sandbox/guest/libraries', 'sandbox/guest/types', 'src/author/templates']) {
    await cp(join(root, part), join(own, 'dist', part), { recursive: true });
  }
  await cp(join(root, 'package.json'), join(own, 'package.json'));
}

/** What the compiler says of a project: `src/a.ts(3,5): error TS2322: …`, without the lines that explain. */
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
