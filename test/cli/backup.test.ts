/** `bulkhead backup` and `restore` in scripts: which store is used, and error messages. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callCommand } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { serve, TOKEN } from '../support/runtime.ts';

test('--url means that server: a local data folder is neither saved nor changed', async () => {
  const [{ runtime, client }, cwd] = [await serve(), await temporaryFolder()];
  const { _id } = (await client('POST', '/integrations', { name: 'there' })).body;
  const data = join(cwd, 'data');
  const ask = (...args: string[]) =>
    callCommand([...args, '--url', runtime.url, '--token', TOKEN], { cwd, environment: { BULKHEAD_DATA: data } });
  const file = join(cwd, 'there.gz');
  expect(await ask('backup', file)).toMatchObject({ code: 0, stderr: '' });
  expect(await client('DELETE', `/integrations/${_id}`)).toMatchObject({ status: 204 });

  await mkdir(data);
  expect(await ask('restore', file)).toMatchObject({ code: 0, stdout: expect.stringContaining('Restored 1 ') });
  expect((await client('GET', `/integrations/${_id}`)).body.name).toBe('there');
  expect(await readdir(data)).toEqual([]);
});

test.each([
  [['backup', 'nowhere/a.gz'], 'There is no folder '],
  [['restore', '.'], '. is a folder, not a backup.'],
  [['restore', 'a.gz'], 'The backup cannot be used: it is not gzip.'],
])('%j is refused with a sentence, and with --json in JSON', async (args, sentence) => {
  const cwd = await temporaryFolder();
  await mkdir(join(cwd, 'data'));
  await writeFile(join(cwd, 'a.gz'), 'text');
  const paths = args.map((arg) => (arg.includes('.') ? join(cwd, arg) : arg));
  const environment = { BULKHEAD_DATA: join(cwd, 'data') };
  const said = sentence.startsWith('.') ? sentence.replace('.', cwd) : sentence;
  const plain = await callCommand(paths, { cwd, environment });
  expect(plain).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(said) });
  const { code, stdout, stderr } = await callCommand([...paths, '--json'], { cwd, environment });
  expect([code, stderr]).toEqual([1, '']);
  expect(JSON.parse(stdout).errors).toEqual([{ code: 'failed', message: expect.stringContaining(said) }]);
});
