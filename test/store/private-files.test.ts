/** Everything in the data folder is private to its owner, whoever created it and whatever the umask. */
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openDataFolder } from '../../src/store/private-files.ts';
import { createClient } from '../support/client.ts';
import { callCommand } from '../support/command.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { startServer } from '../support/server.ts';

const TOKEN = 'the-private-files-token';
const WAIT = { timeout: 20_000, interval: 20 };
const CODE = 'exports.utilities = { async f() { await fetch("/v1/exports"); return 1; } };';

function withoutUmask(): void {
  const before = process.umask(0);
  onTestFinished(() => void process.umask(before));
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

/** Paths that group or others can access. */
async function openIn(folder: string): Promise<string[]> {
  const names = ['.', ...(await readdir(folder, { recursive: true }))];
  const found = await Promise.all(
    names.map(async (name) => {
      // Temporary files come and go.
      const { mode } = await stat(join(folder, name)).catch(() => ({ mode: 0 }));
      return (mode & 0o077) === 0 ? [] : [`${name} ${(mode & 0o777).toString(8)}`];
    }),
  );
  return found.flat();
}

describe.skipIf(process.platform === 'win32')('in the data folder', () => {
  test('everything a server creates: logs, databases, runs and quarantined files', async () => {
    withoutUmask();
    const [folder, connectors] = [await temporaryFolder(), await temporaryFolder()];
    const data = join(folder, 'data');
    await writeBundle(connectors, 'one', { code: CODE });
    const environment = { BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: connectors, BULKHEAD_TOKEN: TOKEN };
    const server = await startServer(environment);
    const client = createClient(server.url, TOKEN);
    const row = await vi.waitFor(async () => {
      const { body } = await client('GET', '/connectors');
      expect(body[0]?.status).toBe('ready');
      return body[0];
    }, WAIT);
    const installed = await client('POST', `/integrations/${row._id}/install`, {}, { 'idempotency-key': 'k' });
    const _integrationId = installed.body._id;
    const http = { auth: { type: 'token', token: { token: 'a-secret' } } };
    await client('POST', '/connections', { name: 'c', _integrationId, http });
    await client('PUT', `/integrations/${_integrationId}/utilities/f`);
    expect(await openIn(data)).toEqual([]);
    // Control: the server created these.
    const names = await readdir(data);
    expect(names).toEqual(expect.arrayContaining(['lock', 'holder.json', 'secret-key', 'bulkhead.sqlite']));
    expect(names.filter((name) => name.endsWith('-wal') || name.endsWith('.log')).length).toBeGreaterThan(1);

    const file = join(folder, 'saved.gz');
    const given = { environment: { ...environment, BULKHEAD_PORT: new URL(server.url).port } };
    expect(await callCommand(['backup', file], given)).toMatchObject({ code: 0 });
    expect(await modeOf(file)).toBe(0o600);
    await server.stop('SIGTERM');
    expect(await openIn(data)).toEqual([]);

    // A damaged file that somebody copied in.
    await writeFile(join(data, 'bulkhead.sqlite'), 'no database');
    await writeFile(join(data, 'integrations', `${'a'.repeat(24)}.json`), 'no document');
    const again = await startServer(environment);
    expect(await openIn(data)).toEqual([]);
    expect((await readdir(data, { recursive: true })).filter((name) => name.endsWith('.damaged'))).toHaveLength(2);
    await again.stop('SIGTERM');
  });

  test('everything a command creates', async () => {
    withoutUmask();
    const [folder, from] = [await temporaryFolder(), await temporaryFolder()];
    const file = join(folder, 'saved.gz');
    expect(await callCommand(['backup', file], { environment: { BULKHEAD_DATA: from } })).toMatchObject({ code: 0 });
    expect(await modeOf(file)).toBe(0o600);
    const data = join(folder, 'data');
    expect(await callCommand(['restore', file], { environment: { BULKHEAD_DATA: data } })).toMatchObject({ code: 0 });
    expect(await openIn(data)).toEqual([]);
    const other = join(folder, 'other');
    expect(await callCommand(['token'], { environment: { BULKHEAD_DATA: other } })).toMatchObject({ code: 0 });
    expect(await openIn(other)).toEqual([]);
  });

  test('the next start restricts files copied in, and does not follow links', async () => {
    withoutUmask();
    const [data, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    await mkdir(join(data, 'integrations'), { mode: 0o777 });
    await mkdir(join(data, 'copied', 'deeper'), { recursive: true, mode: 0o777 });
    const copied = [
      'admin.json',
      'bulkhead.sqlite',
      'secret-key',
      'runs.sqlite',
      'notes.txt',
      'integrations/x.json',
      'copied/deeper/y.log',
    ];
    for (const name of copied) await writeFile(join(data, name), 'text', { mode: 0o666 });
    await writeFile(join(data, 'program'), 'text', { mode: 0o755 });
    await writeFile(join(elsewhere, 'file'), 'text');
    await chmod(elsewhere, 0o755);
    await symlink(join(elsewhere, 'file'), join(data, 'link.json'));
    await symlink(elsewhere, join(data, 'folder'));
    await chmod(data, 0o777);
    expect((await openIn(data)).length).toBeGreaterThan(copied.length);

    expect(await openDataFolder(data)).toBeUndefined();
    for (const name of copied) expect(await modeOf(join(data, name)), name).toBe(0o600);
    for (const name of ['.', 'integrations', 'copied', 'copied/deeper']) {
      expect(await modeOf(join(data, name)), name).toBe(0o700);
    }
    expect(await modeOf(join(data, 'program'))).toBe(0o700);
    expect([await modeOf(elsewhere), await modeOf(join(elsewhere, 'file'))]).toEqual([0o755, 0o666]);
    expect(await readFile(join(data, 'notes.txt'), 'utf8')).toBe('text');
  });
});
