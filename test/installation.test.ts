/** Installing where the Node cannot run the product: one sentence, before anything is compiled. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'acorn';
import { describe, expect, test } from 'vitest';
import { removeEngines } from '../src/lock-file.ts';
import { nodeProblem } from '../src/supported-node.js';
import { temporaryFolder } from './support/folders.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

interface Here {
  /** The version that npm runs on. */
  readonly node: string;
  readonly modules: string;
  /** Packages beside the product's, and their files. */
  readonly packages?: Readonly<Record<string, string>>;
  readonly isCheckout?: true;
  readonly environment?: Readonly<Record<string, string>>;
}

const isolatedVm = {
  'isolated-vm/package.json': '{}',
  'isolated-vm/prebuilds/linux-x64/isolated-vm.abi137.glibc.node': '',
  'isolated-vm/prebuilds/linux-x64/isolated-vm.abi147.musl.node': '',
};

/** Makes the process look like another Node, before anything else is loaded. */
const disguise = ({ node, modules }: Here): string =>
  `data:text/javascript,${encodeURIComponent(
    `for (const [name, value] of [['platform', 'linux'], ['arch', 'x64'], ['versions', ${JSON.stringify({ node, modules })}]])
       Object.defineProperty(process, name, { value });`,
  )}`;

/** Runs the package's own script as npm does. @returns what it writes if it fails */
async function preinstall(here: Here): Promise<string | undefined> {
  const modules = join(await temporaryFolder(), 'node_modules');
  const own = join(modules, 'bulkhead');
  const files = { ...isolatedVm, ...here.packages, 'bulkhead/package.json': '{"type":"module"}' };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(modules, path, '..'), { recursive: true });
    await writeFile(join(modules, path), text);
  }
  for (const name of ['preinstall.js', 'supported-node.js', ...(here.isCheckout ? ['main.ts'] : [])])
    await cp(join(root, 'src', name), join(own, 'src', name));
  const args = ['--import', disguise(here), 'src/preinstall.js'];
  const options = { cwd: own, env: { ...process.env, ...here.environment } };
  const { code, stderr } = await run(process.execPath, args, options).then(
    () => ({ code: 0, stderr: '' }),
    (error: { code: number; stderr: string }) => error,
  );
  if (code === 0) return undefined;
  expect([code, stderr.split('\n')]).toEqual([1, [expect.any(String), '']]);
  return stderr.trimEnd();
}

const NODE_20 = { node: '20.20.2', modules: '115' };
const NODE_25 = { node: '25.9.0', modules: '141' };

describe('npm installs the package', () => {
  test.each([
    { node: '24.21.0', modules: '137' },
    { node: '26.10.0', modules: '147' },
  ])('on Node $node', async (here) => {
    expect(await preinstall(here)).toBeUndefined();
  });

  test.each([NODE_20, NODE_25])('on Node $node, with a Node that runs it beside it', async (here) => {
    expect(await preinstall({ ...here, packages: { 'node/package.json': '{"version":"26.10.0"}' } })).toBeUndefined();
  });

  test('on a Node without prebuilt library, if it is told to compile', async () => {
    expect(await preinstall({ ...NODE_25, environment: { npm_config_build_from_source: 'true' } })).toBeUndefined();
  });
});

describe('npm is told in a sentence why not', () => {
  test('on an old Node', async () => {
    expect(await preinstall(NODE_20)).toBe(
      'Bulkhead needs Node 24 or newer, and this is Node 20.20.2. Install the npm package `node` in the same command, or use a newer Node.',
    );
  });

  test('on an old Node with an old one beside it', async () => {
    const packages = { 'node/package.json': '{"version":"22.1.0"}' };
    expect(await preinstall({ ...NODE_20, packages })).toMatch(/^Bulkhead needs Node 24 /);
  });

  test('in a checkout without the development dependencies', async () => {
    expect(await preinstall({ ...NODE_20, isCheckout: true })).toMatch(
      /Run `npm ci` with the development dependencies/,
    );
  });

  test('on a Node for which the native library is not prebuilt', async () => {
    expect(await preinstall(NODE_25)).toMatch(
      /^The library isolated-vm is not prebuilt for Node 25\.9\.0 on linux-x64\./,
    );
  });
});

test('the check is packed, runs before native code is compiled, and old versions of Node can read it', async () => {
  expect(manifest.scripts.preinstall).toContain("import('./src/preinstall.js')");
  const files = ['src/preinstall.js', 'src/supported-node.js'];
  expect(manifest.files).toEqual(expect.arrayContaining(files));
  for (const file of files) {
    const text = await readFile(join(root, file), 'utf8');
    expect(() => parse(text, { ecmaVersion: 2020, sourceType: 'module' }), file).not.toThrow();
  }
  // Otherwise npm compiles the library where it finds nothing prebuilt, before the checkout's own scripts run.
  expect(manifest.allowScripts['isolated-vm']).toBe(false);
});

test('a start on an old Node is one sentence', async () => {
  const args = ['--import', disguise(NODE_20), 'src/main.ts', '--help'];
  await expect(run(process.execPath, args, { cwd: root })).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: `${nodeProblem(NODE_20.node)}\n`,
  });
});

test('the first line of the command has no flag that an old Node refuses', async () => {
  const [line = ''] = (await readFile(join(root, 'src/main.ts'), 'utf8')).split('\n');
  expect(line.match(/--[\w-]+/g)).toEqual(['--max-semi-space-size']);
});

test('npm compares the libraries of a checkout with no version of Node', async () => {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const { '': own, ...libraries } = packages as Record<string, { engines?: unknown }>;
  expect(Object.keys(libraries).filter((name) => libraries[name]?.engines)).toEqual([]);
  expect([own?.engines, manifest.devEngines.runtime]).toEqual([{ node: '>=24' }, { name: 'node', version: '>=20' }]);

  const file = join(await temporaryFolder(), 'package-lock.json');
  const engines = { node: '>=22' };
  await writeFile(
    file,
    JSON.stringify({ packages: { '': { engines }, 'node_modules/a': { version: '1.0.0', engines } } }),
  );
  removeEngines(file);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    packages: { '': { engines }, 'node_modules/a': { version: '1.0.0' } },
  });
});
