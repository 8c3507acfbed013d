/** A really full disk: a small tmpfs, where the machine allows mounting one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createClient, errorsOf } from '../support/client.ts';
import { temporaryFolder } from '../support/folders.ts';
import { startServer } from '../support/server.ts';

const TOKEN = 'the-full-disks-token';
const DISK_BYTES = 4 * 1024 * 1024;
const BALLAST_BYTES = 1024 * 1024;

function mount(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('on a full disk writes get 507, acknowledged changes stay, and writes work again once there is space', async (context) => {
  const folder = await temporaryFolder();
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  if (!mount(disk)) return context.skip('no mount here');
  onTestFinished(() => void execFileSync('umount', ['-l', disk]));
  const ballast = join(disk, 'ballast');
  await writeFile(ballast, Buffer.alloc(BALLAST_BYTES));
  const environment = { BULKHEAD_TOKEN: TOKEN, BULKHEAD_DATA: join(disk, 'data'), BULKHEAD_CONNECTORS: folder };
  const server = await startServer(environment);
  const client = createClient(server.url, TOKEN);
  const listed = async (at = client) => (await at('GET', '/integrations')).body;

  const acknowledged: unknown[] = [];
  const create = () => client('POST', '/integrations', { name: 'n', settings: { text: 'x'.repeat(50_000) } });
  let reply = await create();
  for (; reply.status === 201; reply = await create()) acknowledged.push(reply.body);
  expect([reply.status, errorsOf(reply)]).toEqual([507, [['store_full']]]);
  expect(acknowledged.length).toBeGreaterThan(10);
  expect(await listed()).toEqual(acknowledged);

  await server.stop('SIGKILL');
  const again = await startServer(environment);
  const other = createClient(again.url, TOKEN);
  expect(await listed(other)).toEqual(acknowledged);
  await rm(ballast);
  const { status, body } = await other('POST', '/integrations', { name: 'after' });
  expect(status).toBe(201);
  expect(await listed(other)).toEqual([...acknowledged, body]);
});
