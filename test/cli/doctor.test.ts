/** `bulkhead doctor`, on a healthy data folder and on damaged ones. */

import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CheckResult } from '../../src/cli/doctor/check-result.ts';
import { checkDataFolder } from '../../src/cli/doctor/data-folder.ts';
import { checkFileSystem } from '../../src/cli/doctor/file-system.ts';
import { checkNodeVersion, checkProcFileSystem } from '../../src/cli/doctor/machine.ts';
import { checkBundles, checkPort } from '../../src/cli/doctor/server.ts';
import { completeOptions } from '../../src/options.ts';
import { openLowdbStore } from '../../src/store/lowdb-store.ts';
import { withTokens } from '../../src/store/open-storage.ts';
import { callCommand, linesOf, runCommand } from '../support/command.ts';
import { commitJson, documentOf } from '../support/documents.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { serve } from '../support/runtime.ts';

const NOW = Date.now();

test('a healthy machine and folder: every check prints a sentence, nothing is changed, and no process is left', async () => {
  const [data, connectors] = [await temporaryFolder(), await temporaryFolder()];
  await writeBundle(connectors, 'a', { code: 'exports.utilities = {}' });
  const environment = { BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: connectors, BULKHEAD_PORT: '0' };
  const { code, stdout, stderr } = await runCommand(['doctor'], { environment });
  expect([code, stderr]).toEqual([0, '']);
  const lines = linesOf(stdout);
  expect(lines.at(-1)).toBe('No problems found.');
  for (const line of lines.slice(0, -1)) expect(line).toMatch(/^(?:ok {5}|warning) {2}\S.*\.$/);
  expect(await readdir(data)).toEqual([]);

  const asJson = await callCommand(['doctor', '--json'], { environment });
  const { healthy, verdicts } = JSON.parse(asJson.stdout) as { healthy: boolean; verdicts: CheckResult[] };
  expect([asJson.code, healthy]).toEqual([0, true]);
  const checks = verdicts.map(({ check }) => check);
  for (const check of [
    'node',
    'isolated-vm',
    'permissions',
    'proc',
    'compartment',
    'data',
    'disk',
    'lock',
    'secret-key',
    'token',
    'documents',
    'kept',
    'clock',
    'port',
    'bundles',
  ]) {
    expect(checks).toContain(check);
  }
});

test('with a problem it names the problem and ends with exit code 1', async () => {
  const data = join(await temporaryFolder(), 'file');
  await writeFile(data, '');
  const { code, stdout } = await callCommand([
    'doctor',
    '--data',
    data,
    '--connectors',
    await temporaryFolder(),
    '--port',
    '0',
  ]);
  expect(code).toBe(1);
  expect(linesOf(stdout)).toContain(`PROBLEM  ${data} is not a folder.`);
  expect(linesOf(stdout).at(-1)).toBe('1 problem found.');
});

describe('a data folder', () => {
  const resultsOf = async (folder: string, now = NOW, hasKey = false): Promise<Record<string, string>> => {
    const { results } = await checkDataFolder(folder, hasKey, now);
    return Object.fromEntries(results.map(({ check, status, sentence }) => [check, `${status}: ${sentence}`]));
  };

  test.each<[string, (data: string) => Promise<void>, string, RegExp]>([
    [
      'with a key that everybody can read',
      async (data) => {
        await writeFile(join(data, 'secret-key'), 'k'.repeat(43));
        await chmod(join(data, 'secret-key'), 0o644);
      },
      'secret-key',
      /^problem: .*can be read by others \(mode 644\): run chmod 600/,
    ],
    [
      'with a truncated key',
      (data) => writeFile(join(data, 'secret-key'), 'k', { mode: 0o600 }),
      'secret-key',
      /^problem: .*is incomplete/,
    ],
    [
      'with a damaged token',
      (data) => withTokens(data, (tokens) => tokens.setAdminTokenHash('none')),
      'token',
      /^problem: .*hash of the administrator's token is damaged/,
    ],
    [
      'with an invalid lock',
      (data) => writeFile(join(data, 'lock'), 'x'.repeat(5000)),
      'lock',
      /^problem: .*is not a lock of this server/,
    ],
    [
      'with a truncated document',
      async (data) => {
        await mkdir(join(data, 'integrations'));
        await writeFile(join(data, 'integrations', `${'a'.repeat(24)}.json`), '{"format":1,');
      },
      'documents',
      /^problem: .*aaaa\.json: it is not JSON/,
    ],
    [
      'with a document of the wrong shape',
      async (data) => {
        await mkdir(join(data, 'integrations'));
        await writeFile(join(data, 'integrations', `${'a'.repeat(24)}.json`), '{"format":1}');
      },
      'documents',
      /^problem: .*aaaa\.json: /,
    ],
    [
      'with files that were set aside',
      async (data) => {
        await mkdir(join(data, 'integrations'));
        await writeFile(join(data, 'integrations', 'a.json.1.damaged'), '');
      },
      'documents',
      /^warning: .*set aside as damaged: a\.json\.1\.damaged/,
    ],
    [
      'with integrations but no key',
      async (data) => {
        const store = await openLowdbStore(data);
        const document = documentOf();
        await commitJson(store, document);
        await store.close();
      },
      'secret-key',
      /^warning: .*cannot be read without it/,
    ],
    [
      'with a run history that is not a database',
      (data) => writeFile(join(data, 'runs.sqlite'), 'x'.repeat(5000)),
      'kept',
      /^problem: .*runs\.sqlite: it is not a database/,
    ],
    [
      'with a truncated database',
      async (data) => {
        const { runtime } = await serve({}, { data });
        await runtime.close({ drainMs: 0 });
        await truncate(join(data, 'bulkhead.sqlite'), 2_000);
      },
      'kept',
      /^problem: .*bulkhead\.sqlite: /,
    ],
    [
      'with a file instead of the integrations folder',
      (data) => writeFile(join(data, 'integrations'), ''),
      'documents',
      /^problem: .*integrations cannot be read \(ENOTDIR\)/,
    ],
    [
      'from the future',
      async (data) => {
        await writeFile(join(data, 'runs.sqlite'), '');
        const later = new Date(NOW + 86_400_000);
        await utimes(join(data, 'runs.sqlite'), later, later);
      },
      'clock',
      /^problem: .*has been set back/,
    ],
  ])('%s', async (_what, make, check, sentence) => {
    const data = await temporaryFolder();
    await make(data);
    const before = await readdir(data, { recursive: true });
    expect((await resultsOf(data))[check]).toMatch(sentence);
    expect(await readdir(data, { recursive: true })).toEqual(before);
  });

  test('that does not exist yet, and a clock that was never set', async () => {
    const results = await resultsOf(join(await temporaryFolder(), 'a/b'), 0);
    expect(results.data).toMatch(/^ok: .*does not exist yet/);
    expect((await resultsOf(await temporaryFolder(), 0)).clock).toMatch(/^problem: .*1970.*is not set/);
    expect((await resultsOf(await temporaryFolder(), NOW, true))['secret-key']).toBe(
      'ok: The key comes from the options.',
    );
  });

  test('in use by a server: names the process, and its port is not a problem', async () => {
    const { data, runtime } = await serve();
    const { holder, results } = await checkDataFolder(data, false, NOW);
    expect(holder).toContain(`process ${process.pid} on`);
    expect(results.every(({ status }) => status === 'ok')).toBe(true);
    const options = completeOptions({ port: Number(new URL(runtime.url).port) });
    expect((await checkPort(options, holder)).status).toBe('ok');
    expect(await checkPort(options, undefined)).toMatchObject({
      status: 'problem',
      sentence: expect.stringContaining('is in use by another process'),
    });
    // The server still has its lock.
    expect(JSON.parse(await readFile(join(data, 'holder.json'), 'utf8')).pid).toBe(process.pid);
  });
});

test('a port and a host', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port: number } = taken.address() as AddressInfo;
  expect((await checkPort(completeOptions({ port: number }), undefined)).status).toBe('problem');
  expect(await checkPort(completeOptions({ port: 0, host: '192.0.2.1' }), undefined)).toMatchObject({
    status: 'problem',
    sentence: expect.stringContaining('192.0.2.1 is not an address of this machine'),
  });
});

test('bundles that do not load, each with a reason', async () => {
  const connectors = await temporaryFolder();
  await writeBundle(connectors, 'a', { code: 'exports.utilities = {}' });
  await writeBundle(connectors, 'broken', { code: 'exports.utilities = {' });
  await writeBundle(connectors, 'old', { manifest: { version: '1' }, code: '' });
  await writeBundle(connectors, 'twin', { manifest: { name: 'a' }, code: 'exports.utilities = {}' });
  const names: string[] = [];
  const results = await checkBundles(connectors, 'process', (name) => names.push(name));
  expect(names).toEqual(['a', 'broken', 'old', 'twin']);
  expect(results.map(({ status, sentence }) => `${status}: ${sentence}`)).toEqual([
    expect.stringMatching(/^problem: The bundle broken does not load: .*Unexpected/),
    expect.stringMatching(/^problem: The bundle old does not load: version must be a semantic version/),
    'problem: The bundle twin has the same id as a: one of them is refused.',
  ]);
  expect(await checkBundles(await temporaryFolder(), 'process', () => {})).toMatchObject([{ status: 'warning' }]);
});

test.each<[string, Parameters<typeof checkFileSystem>[0], string[]]>([
  ['a disk with free space', { type: 0xef53, bsize: 4096, bavail: 10_000_000, files: 1000, ffree: 900 }, ['ok']],
  ['a full disk', { type: 0xef53, bsize: 4096, bavail: 10, files: 1000, ffree: 900 }, ['problem']],
  ['a nearly full disk', { type: 0xef53, bsize: 4096, bavail: 30_000, files: 1000, ffree: 900 }, ['warning']],
  ['a disk without free inodes', { type: 0xef53, bsize: 4096, bavail: 10_000_000, files: 1000, ffree: 3 }, ['problem']],
  [
    'a file system that does not count inodes',
    { type: 0x9123683e, bsize: 4096, bavail: 10_000_000, files: 0, ffree: 0 },
    ['ok'],
  ],
  ['NFS', { type: 0x6969, bsize: 4096, bavail: 10_000_000, files: 1000, ffree: 900 }, ['ok', 'problem']],
  [
    'CIFS, as a signed integer',
    { type: -11317950, bsize: 4096, bavail: 10_000_000, files: 0, ffree: 0 },
    ['ok', 'problem'],
  ],
  ['memory', { type: 0x01021994, bsize: 4096, bavail: 10_000_000, files: 1000, ffree: 900 }, ['ok', 'warning']],
])('%s', (_what, statistics, statuses) => {
  expect(checkFileSystem(statistics, 'linux').map(({ status }) => status)).toEqual(statuses);
});

test('Node versions, and systems without /proc', async () => {
  expect(['22.12.0', '24.1.0', '26.10.0'].map((version) => checkNodeVersion(version).status)).toEqual([
    'problem',
    'warning',
    'ok',
  ]);
  expect((await checkProcFileSystem('darwin')).status).toBe('warning');
});
