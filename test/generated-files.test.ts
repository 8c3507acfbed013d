/** What is not in git: made from a checkout as git has it, and missed in one sentence. */
import { exec } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from './support/folders.ts';
import { copyCheckout, npmIn } from './support/package.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const SENTENCE = /^Generated files are missing: run `npm ci` [^\n]+\n$/;

/** Runs a script as npm does: in a shell, on the Node of the tests. */
function run(command: string, cwd: string, event = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, npm_lifecycle_event: event, INIT_CWD: cwd };
  const script = command.replace(/^node /, `"${process.execPath}" `);
  return new Promise((resolve) => {
    exec(script, { cwd, env }, (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }));
  });
}

test('what prepare makes is enough for a start; without any of it a start says what to do', async () => {
  const checkout = join(await temporaryFolder(), 'checkout');
  await copyCheckout(checkout);
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction');
  const missed = { code: 1, stdout: '', stderr: expect.stringMatching(SENTENCE) };
  expect(await run('node src/main.ts --help', checkout)).toEqual(missed);

  for (const part of ['src/typebox/typebox.js', 'sandbox/guest/libraries', 'src/dashboard/built']) {
    expect(await run(scripts.prepare, checkout, 'prepare')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('node src/main.ts --help', checkout)).toMatchObject({ code: 0, stderr: '' });
    await rm(join(checkout, part), { recursive: true });
    expect(await run('node src/main.ts --help', checkout), part).toEqual(missed);
  }
}, 120_000);

test('a checkout that a project installs as a link is built, and again when its sources change', async () => {
  const folder = await temporaryFolder();
  const [checkout, project] = [join(folder, 'checkout'), join(folder, 'project')];
  for (const path of ['checkout/src', 'checkout/sandbox', 'project'])
    await mkdir(join(folder, path), { recursive: true });
  for (const name of ['src/prepare.ts', 'src/generated-files.ts', 'src/lock-file.ts'])
    await copyFile(join(root, name), join(checkout, name));
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction');
  // The real build takes long, and is tested where the package is packed.
  const build = `node -e "fs.mkdirSync('dist/src',{recursive:true});fs.appendFileSync('dist/src/main.js','//')"`;
  const manifest = { name: 'bulkhead', version: '0.1.0', type: 'module', scripts: { prepare: scripts.prepare, build } };
  await writeFile(join(checkout, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(project, 'package.json'), JSON.stringify({ dependencies: { bulkhead: 'file:../checkout' } }));
  const builds = async (): Promise<number> => {
    await npmIn(project, ['install', '--offline', '--no-audit', '--no-fund']);
    return (await readFile(join(project, 'node_modules/bulkhead/dist/src/main.js'), 'utf8')).length / '//'.length;
  };
  expect([await builds(), await builds()]).toEqual([1, 1]);
  await utimes(join(checkout, 'src/prepare.ts'), new Date(), new Date(Date.now() + 1_000));
  expect(await builds()).toBe(2);
}, 120_000);

test('without development dependencies prepare says what to do, and the installation stays', async () => {
  const checkout = join(await temporaryFolder(), 'checkout');
  await copyCheckout(checkout);
  const said = { stdout: '', stderr: expect.stringMatching(SENTENCE) };
  expect(await run(scripts.prepare, checkout, 'prepare')).toEqual({ code: 0, ...said });
  expect(await run(scripts.generate, checkout)).toEqual({ code: 1, ...said });
});

test('prepare has nothing to do where the sources are not there yet', async () => {
  const folder = await temporaryFolder();
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  expect(await run(scripts.prepare, folder, 'prepare')).toEqual({ code: 0, stdout: '', stderr: '' });
});
