/** What is not in git: made from a checkout as git has it, and missed in one sentence. */
import { exec } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
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

test('a checkout that a project installs as a link is built, once', async () => {
  const folder = await temporaryFolder();
  const [checkout, project] = [join(folder, 'checkout'), join(folder, 'project')];
  await copyCheckout(checkout);
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ dependencies: { bulkhead: 'file:../checkout' } }));
  const builtAt = async (): Promise<number> => {
    await npmIn(project, ['install', '--offline', '--no-audit', '--no-fund']);
    return (await stat(join(checkout, 'dist/src/main.js'))).mtimeMs;
  };
  const first = await builtAt();
  expect((await npmIn(project, ['exec', '--offline', '--', 'bulkhead', '--version'])).stdout).toBe('0.1.0\n');
  expect(await builtAt()).toBe(first);
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
