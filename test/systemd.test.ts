/** The unit that operate.md prints, as systemd reads it, and started with what it sets. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { callCommand } from './support/command.ts';
import { temporaryFolder } from './support/folders.ts';
import { blocks, textOf } from './support/markdown.ts';

const text = textOf('docs/operate.md');
const [unit = ''] = blocks(text, 'ini');
const PROGRAM = '/opt/bulkhead/node_modules/.bin/node';
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const run = promisify(execFile);

/** systemd wants the program to be there. */
async function writeUnit(content = unit): Promise<string> {
  const file = join(await temporaryFolder(), 'bulkhead.service');
  await writeFile(file, content.replace(PROGRAM, process.execPath));
  return file;
}

test.runIf(hasSystemd)('systemd finds no fault with it', async () => {
  expect(unit).toContain(`ExecStart=${PROGRAM} `);
  expect(await run('systemd-analyze', ['verify', await writeUnit()])).toEqual({ stdout: '', stderr: '' });
  const wrong = await writeUnit(unit.replace('ProtectClock=yes', 'ProtectClok=yes'));
  expect((await run('systemd-analyze', ['verify', wrong])).stderr).toContain('ProtectClok');
});

test.runIf(hasSystemd)('systemd rates its protection as the document says', async () => {
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', await writeUnit()]);
  const [, rating] = /exposure level for bulkhead\.service: ([\d.]+)/.exec(stdout) ?? [];
  const [, limit] = /`systemd-analyze security bulkhead` rates its exposure below (\d+) of 10/.exec(text) ?? [];
  expect(Number(rating)).toBeLessThan(Number(limit));
});

test('a server starts with the folders and options that it sets', async () => {
  const root = await temporaryFolder();
  const valuesOf = (name: string): string[] =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].flatMap(([, value = '']) => value.split(' '));
  // systemd creates these.
  for (const name of valuesOf('StateDirectory')) await mkdir(join(root, 'var/lib', name), { recursive: true });
  const pairs = valuesOf('Environment').map((pair) => pair.replace('=/', `=${root}/`).split('=') as [string, string]);
  const environment = { ...Object.fromEntries(pairs), BULKHEAD_PORT: '0' };
  const signal = AbortSignal.abort('SIGTERM');
  const { code, stdout, stderr } = await callCommand(['start'], { environment, signal });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('Bulkhead is listening on');
});
