/** Versions that ask for more permissions wait for approval: `POST /connectors/{_id}/approve`. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import { type Client, errorsOf } from '../support/client.ts';
import { callCommand } from '../support/command.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { installed, type Served, serve, TOKEN } from '../support/runtime.ts';
import { packed } from '../support/tarballs.ts';

// Several starts and swaps each, beside whatever else the machine does.
vi.setConfig({ testTimeout: 120_000 });

const ID = 'a'.repeat(24);
const within = { timeout: 60_000, interval: 20 };
const NARROW = ['https://a.example', 'https://*.shop.example'];
const WIDE = [...NARROW, 'https://x.shop.example', 'https://b.example', 'https://*.c.example'];
const ADDS = ['https://b.example', 'https://*.c.example'];

const bundleOf = (version: string, fetch?: readonly string[], code?: string) => ({
  manifest: { name: 'asks', version },
  connector: { _id: ID, ...(fetch ? { permissions: { fetch } } : {}) },
  code: code ?? `exports.utilities = { f: () => '${version}' }`,
});
const write = (connectors: string, ...bundle: Parameters<typeof bundleOf>) =>
  writeBundle(connectors, 'asks', bundleOf(...bundle));
const rowOf = async (client: Client) => (await client('GET', `/connectors/${ID}`)).body;
const approve = (client: Client, digest: unknown) => client('POST', `/connectors/${ID}/approve`, { digest });

async function heldBack(client: Client, version: string) {
  await vi.waitFor(async () => expect(await rowOf(client)).toMatchObject({ pending: { version } }), within);
  return rowOf(client);
}
async function serving(client: Client, version: string): Promise<void> {
  await vi.waitFor(async () => {
    const row = await rowOf(client);
    expect(row).toMatchObject({ status: 'ready', version });
    expect(row).not.toHaveProperty('pending');
  }, within);
}
async function restarted({ runtime, connectors, data }: Served, meanwhile = async () => {}): Promise<Served> {
  await runtime.close({ drainMs: 0 });
  await meanwhile();
  return serve({}, { connectors, data });
}

test('the first version is accepted; a version that asks for more waits, and the last one serves until it is approved', async () => {
  const { client, connectors } = await serve({ asks: bundleOf('1.0.0', NARROW) });
  const id = await installed(client, 'asks');
  const call = async () => (await client('PUT', `/integrations/${id}/utilities/f`)).body;
  await write(connectors, '2.0.0', WIDE);
  const row = await heldBack(client, '2.0.0');
  expect(row).toMatchObject({ status: 'ready', version: '1.0.0', permissions: { fetch: NARROW } });
  expect(row.pending).toEqual({
    version: '2.0.0',
    digest: expect.stringMatching(/^sha256-/),
    adds: ADDS,
    sentences: [
      'may also reach https://b.example',
      'may also reach https://*.c.example, which is every name directly under c.example',
    ],
  });
  expect(row).not.toHaveProperty('errors');
  expect(await call()).toBe('1.0.0');

  // A second click that comes before the first is done.
  const [approved, twice] = await Promise.all([row, row].map(({ pending }) => approve(client, pending.digest)));
  expect(twice?.status).toBe(200);
  expect([approved?.status, approved?.body]).toEqual([200, await rowOf(client)]);
  expect(approved?.body).toMatchObject({ status: 'ready', version: '2.0.0', digest: row.pending.digest });
  expect(approved?.body).not.toHaveProperty('pending');
  expect(await call()).toBe('2.0.0');
  // And one that comes after it.
  expect((await approve(client, row.pending.digest)).status).toBe(200);
});

test('no approval is needed for the same or fewer origins, for origins that a star covers, or for raised limits', async () => {
  const { client, connectors } = await serve({ asks: bundleOf('1.0.0', NARROW) });
  for (const [version, fetch] of [
    ['1.0.1', NARROW],
    ['1.0.2', ['https://x.shop.example', 'https://y.shop.example']],
    ['1.0.3', undefined],
    ['1.0.4', NARROW],
  ] as const) {
    await write(connectors, version, fetch);
    await serving(client, version);
  }
  const bundle = bundleOf('1.0.5', NARROW);
  await writeBundle(connectors, 'asks', { ...bundle, connector: { ...bundle.connector, limits: { memoryMb: 512 } } });
  await serving(client, '1.0.5');
});

test('a held version still does not serve after a restart, although its files replaced the last ones', async () => {
  let served = await serve({ asks: bundleOf('1.0.0', NARROW) });
  const id = await installed(served.client, 'asks');
  await write(served.connectors, '2.0.0', WIDE);
  const { digest, pending } = await heldBack(served.client, '2.0.0');

  served = await restarted(served);
  const row = await heldBack(served.client, '2.0.0');
  expect(row).toMatchObject({ status: 'ready', version: '1.0.0', digest, pending });
  expect((await served.client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('1.0.0');

  expect((await approve(served.client, pending.digest)).status).toBe(200);
  served = await restarted(served);
  await serving(served.client, '2.0.0');
  expect((await served.client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('2.0.0');
});

test('a version that arrives while no server runs is held too, as a folder and as a tarball', async () => {
  let served = await serve({ asks: bundleOf('1.0.0', NARROW) });
  const { connectors } = served;
  const id = await installed(served.client, 'asks');
  served = await restarted(served, () => write(connectors, '2.0.0', WIDE));
  expect(await heldBack(served.client, '2.0.0')).toMatchObject({ status: 'ready', version: '1.0.0' });
  expect((await served.client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('1.0.0');

  served = await restarted(served, async () => {
    await rm(join(connectors, 'asks'), { recursive: true });
    await writeFile(join(connectors, 'asks-2.tgz'), packed('asks', bundleOf('2.0.1', WIDE)));
  });
  expect(await heldBack(served.client, '2.0.1')).toMatchObject({ status: 'ready', version: '1.0.0' });
  expect((await served.client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('1.0.0');
});

test('a bundle that is broken after a restart does not replace the last good version', async () => {
  let served = await serve({ asks: bundleOf('1.0.0') });
  const { connectors } = served;
  const id = await installed(served.client, 'asks');
  for (const [file, text] of [
    ['package.json', '{"name":'],
    ['index.js', 'exports.utilities = {'],
  ] as const) {
    served = await restarted(served, async () => {
      await write(connectors, '1.1.0');
      await writeFile(join(connectors, 'asks', file), text);
    });
    expect(await rowOf(served.client)).toMatchObject({ status: 'ready', version: '1.0.0', errors: [{}] });
    expect((await served.client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('1.0.0');
  }
});

test('only the version shown can be approved: another digest is a conflict and changes nothing', async () => {
  const { client, connectors } = await serve({ asks: bundleOf('1.0.0', NARROW) });
  expect(errorsOf(await approve(client, 'sha256-x'))).toEqual([['conflict']]);
  await write(connectors, '2.0.0', WIDE);
  const shown = (await heldBack(client, '2.0.0')).pending.digest;
  await write(connectors, '3.0.0', [...WIDE, 'https://evil.example']);
  const late = await approve(client, shown);
  expect([late.status, errorsOf(late)]).toEqual([409, [['conflict']]]);
  const row = await heldBack(client, '3.0.0');
  expect(row).toMatchObject({ version: '1.0.0', pending: { adds: [...ADDS, 'https://evil.example'] } });
  expect((await approve(client, row.pending.digest)).status).toBe(200);
});

test('refuses an invalid digest, a missing body and an unknown connector', async () => {
  const { client } = await serve({ asks: bundleOf('1.0.0') });
  expect(errorsOf(await client('POST', `/connectors/${ID}/approve`))).toEqual([['missing_required_field', 'digest']]);
  for (const digest of [5, null, '', {}]) {
    expect(errorsOf(await approve(client, digest))).toEqual([['invalid_field', 'digest']]);
  }
  expect((await client('POST', `/connectors/${'b'.repeat(24)}/approve`, { digest: 'x' })).status).toBe(404);
  expect((await client('GET', `/connectors/${ID}/approve`)).status).toBe(405);
});

test('a held version that asks for no more than before is released; one that does not load is refused', async () => {
  const { client, connectors } = await serve({ asks: bundleOf('1.0.0', NARROW) });
  await write(connectors, '2.0.0', WIDE);
  await heldBack(client, '2.0.0');
  await write(connectors, '1.0.0', NARROW);
  await serving(client, '1.0.0');
  await write(connectors, '2.0.0', WIDE, 'exports.utilities = {');
  await vi.waitFor(async () => expect(await rowOf(client)).toMatchObject({ errors: [{ field: 'main' }] }), within);
  expect(await rowOf(client)).not.toHaveProperty('pending');
});

test('a connector that is removed and restored keeps its granted permissions, and has to ask for more', async () => {
  let served = await serve({ asks: bundleOf('1.0.0', NARROW) });
  const { connectors, data } = served;
  await rm(join(connectors, 'asks'), { recursive: true });
  await vi.waitFor(async () => expect((await rowOf(served.client)).errors[0].code).toBe('not_found'), within);
  // Its code has gone for good.
  await vi.waitFor(async () => expect(await readdir(join(data, 'connectors'))).toEqual([]), within);
  served = await restarted(served);

  await write(connectors, '2.0.0', WIDE);
  const row = await heldBack(served.client, '2.0.0');
  expect(row).toMatchObject({ status: 'held', version: '2.0.0', pending: { adds: ADDS } });
  expect(row).not.toHaveProperty('digest');
  const refused = await served.client('POST', `/integrations/${ID}/install`);
  expect(errorsOf(refused)).toEqual([['connector_unavailable']]);
  expect(refused.body.errors[0].message).toContain('waits for approval');
  await write(connectors, '1.1.0', NARROW);
  await serving(served.client, '1.1.0');
});

test('an upload that asks for more is stored and waits', async () => {
  const { client } = await serve();
  const put = (...bundle: Parameters<typeof bundleOf>) =>
    client('PUT', '/connectors', packed('asks', bundleOf(...bundle)), { 'content-type': 'application/gzip' });
  await put('1.0.0', NARROW);
  const { status, body } = await put('2.0.0', WIDE);
  expect([status, body]).toMatchObject([200, { version: '1.0.0', pending: { version: '2.0.0', adds: ADDS } }]);
  expect((await approve(client, body.pending.digest)).body).toMatchObject({ version: '2.0.0' });
});

test('a tarball with the version in its name replaces the previous one, and is held like any other', async () => {
  const { client, connectors } = await serve();
  const drop = async (version: string, fetch: readonly string[]): Promise<void> => {
    await writeFile(join(connectors, '_next.tgz'), packed('asks', bundleOf(version, fetch)));
    await rename(join(connectors, '_next.tgz'), join(connectors, `asks-${version}.tgz`));
  };
  await drop('1.0.0', NARROW);
  await serving(client, '1.0.0');
  const id = await installed(client, 'asks');
  await drop('2.0.0', WIDE);
  await vi.waitFor(async () => {
    const { body } = await client('GET', '/connectors');
    expect(body.map(({ status }: { status: string }) => status).sort()).toEqual(['invalid', 'ready']);
  }, within);
  await rm(join(connectors, 'asks-1.0.0.tgz'));
  const row = await heldBack(client, '2.0.0');
  expect(row).toMatchObject({ status: 'ready', version: '1.0.0' });
  expect((await client('PUT', `/integrations/${id}/utilities/f`)).body).toBe('1.0.0');
  expect((await approve(client, row.pending.digest)).body).toMatchObject({ version: '2.0.0' });
});

/** As a disk, or somebody with an editor, may leave it. */
function damage(data: string, sql: string, ...values: string[]): void {
  const database = new DatabaseSync(join(data, 'bulkhead.sqlite'));
  database.prepare(sql).run(...values);
  database.close();
}

test.each<[string, string]>([
  ['is not JSON', '{"_id":'],
  ['is empty', ''],
  ['says something else', '{"everything":true}'],
  ['is of another connector', JSON.stringify({ _id: 'b'.repeat(24), fetch: WIDE, folder: 'asks', acceptedAt: '' })],
])('a record that %s: what the last bundle requests stays granted, and nothing more', async (_what, text) => {
  let served = await serve({ asks: bundleOf('1.0.0', NARROW) });
  const { connectors, data } = served;
  served = await restarted(served, async () => {
    damage(data, 'UPDATE permissions SET record = ?', text);
    await write(connectors, '2.0.0', WIDE);
  });
  expect(await heldBack(served.client, '2.0.0')).toMatchObject({ status: 'ready', version: '1.0.0' });
  const { body, status } = await served.client('GET', '/readyz');
  expect([status, body.status, body.reasons.join()]).toEqual([200, 'degraded', expect.stringContaining(ID)]);

  // Nor is it wider after one more start.
  served = await restarted(served);
  const { pending } = await heldBack(served.client, '2.0.0');
  expect((await served.client('GET', '/readyz')).body.reasons).toEqual([]);
  expect((await approve(served.client, pending.digest)).status).toBe(200);
});

test('with record and last bundle damaged, a bundle that asks for anything needs approval', async () => {
  let served = await serve({ asks: bundleOf('1.0.0', NARROW), quiet: { code: 'exports.utilities = { f: () => 1 }' } });
  const { data } = served;
  served = await restarted(served, async () => {
    damage(data, 'UPDATE permissions SET record = ?', 'x');
    for (const name of await readdir(join(data, 'connectors'))) await writeFile(join(data, 'connectors', name), 'x');
  });
  const row = await heldBack(served.client, '1.0.0');
  expect(row).toMatchObject({ status: 'held', pending: { adds: NARROW } });
  const { body: rows } = await served.client('GET', '/connectors');
  expect(rows.find(({ name }: { name: string }) => name === 'quiet')).toMatchObject({ status: 'ready' });
  expect((await approve(served.client, row.pending.digest)).body).toMatchObject({ status: 'ready', version: '1.0.0' });
});

test('with the database lost, last bundles keep what they had, and nothing else is granted by itself', async () => {
  let served = await serve({ asks: bundleOf('1.0.0', NARROW), quiet: { code: 'exports.utilities = { f: () => 1 }' } });
  const { connectors, data } = served;
  served = await restarted(served, async () => {
    await writeFile(join(data, 'bulkhead.sqlite'), 'no database '.repeat(1_000));
    await writeBundle(connectors, 'other', { connector: { permissions: { fetch: WIDE } }, code: '' });
  });
  const statuses = async () =>
    Object.fromEntries(
      (await served.client('GET', '/connectors')).body.map((row: { name: string; status: string }) => [
        row.name,
        row.status,
      ]),
    );
  await vi.waitFor(
    async () => expect(await statuses()).toEqual({ asks: 'ready', quiet: 'ready', other: 'held' }),
    within,
  );
  // The same after one more start, by which the database is whole again.
  served = await restarted(served);
  await vi.waitFor(
    async () => expect(await statuses()).toEqual({ asks: 'ready', quiet: 'ready', other: 'held' }),
    within,
  );
});

test('a version whose permissions cannot be stored does not serve until they can', async () => {
  const { client, connectors, data } = await serve({ asks: bundleOf('1.0.0', NARROW) });
  const folder = join(data, 'connectors');
  await rename(folder, `${folder}-away`);
  await write(connectors, '1.1.0', NARROW);
  await vi.waitFor(
    async () =>
      expect(await rowOf(client)).toMatchObject({ version: '1.0.0', errors: [{ code: 'store_unavailable' }] }),
    within,
  );
  await mkdir(folder);
  await vi.waitFor(async () => expect(await rowOf(client)).toMatchObject({ version: '1.1.0' }), within);
  expect(await rowOf(client)).not.toHaveProperty('errors');
});

describe('a backup of a server with a version waiting for approval', () => {
  async function backedUp(): Promise<Buffer> {
    const { client, connectors, runtime } = await serve({ asks: bundleOf('1.0.0', NARROW) });
    await installed(client, 'asks');
    await write(connectors, '2.0.0', WIDE);
    await heldBack(client, '2.0.0');
    const backup = await fetch(`${runtime.url}/v1/backup`, { headers: { authorization: `Bearer ${TOKEN}` } });
    return Buffer.from(await backup.arrayBuffer());
  }
  const restoreOn = (client: Client, backup: Buffer, query = '') =>
    client('POST', `/v1/restore${query}`, backup, { 'content-type': 'application/gzip' });

  test('the version waits on a new machine too, whether or not that has seen it before', async () => {
    const backup = await backedUp();
    // The folder of the bundles was copied, and the server is started before anything is restored.
    const { client } = await serve({ asks: bundleOf('2.0.0', WIDE) });
    expect(await rowOf(client)).toMatchObject({ status: 'ready', version: '2.0.0' });
    const refused = await restoreOn(client, backup);
    expect([errorsOf(refused), refused.text]).toEqual([[['already_there']], expect.stringContaining(ID)]);
    expect(await rowOf(client)).toMatchObject({ status: 'ready', version: '2.0.0' });
    expect((await restoreOn(client, backup, '?overwrite=true')).body).toMatchObject({ restored: 1, acceptances: 1 });
    const row = await rowOf(client);
    expect(row).toMatchObject({ status: 'held', pending: { version: '2.0.0', adds: ADDS } });
    const [{ _id }] = (await client('GET', '/integrations')).body;
    const call = () => client('PUT', `/integrations/${_id}/utilities/f`);
    expect(errorsOf(await call())).toEqual([['connector_unavailable']]);
    expect((await approve(client, row.pending.digest)).status).toBe(200);
    expect((await call()).body).toBe('2.0.0');

    const folders = { data: await temporaryFolder(), connectors: await temporaryFolder() };
    const file = join(folders.data, 'backup.gz');
    await writeFile(file, backup);
    const restored = await callCommand(['restore', file, '--data', folders.data]);
    expect([restored.code, restored.stdout]).toEqual([0, expect.stringContaining('permissions of 1 connectors')]);
    const { client: later } = await serve({ asks: bundleOf('2.0.0', WIDE) }, folders);
    expect(await rowOf(later)).toMatchObject({ status: 'held', pending: { version: '2.0.0', adds: ADDS } });
  });

  test('a waiting version serves once the restored permissions cover it', async () => {
    const { client: wide, runtime } = await serve({ asks: bundleOf('1.0.0', WIDE) });
    expect(await rowOf(wide)).toMatchObject({ status: 'ready' });
    const backup = await fetch(`${runtime.url}/v1/backup`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const bytes = Buffer.from(await backup.arrayBuffer());
    const { client, connectors } = await serve({ asks: bundleOf('1.0.0', NARROW) });
    await write(connectors, '2.0.0', WIDE);
    await heldBack(client, '2.0.0');
    expect((await restoreOn(client, bytes, '?overwrite=true')).status).toBe(200);
    await serving(client, '2.0.0');
  });
});
