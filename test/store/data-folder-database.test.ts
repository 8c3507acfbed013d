/** The database of a data folder: after a restart, when damaged, and imported from files of earlier versions. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { withTokens } from '../../src/store/open-storage.ts';
import type { RunStore, StoredRun } from '../../src/store/storage.ts';
import { newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { serve } from '../support/runtime.ts';
import { storageIn } from '../support/storages.ts';

const FILE = 'bulkhead.sqlite';
const creation = { kind: 'integrations', id: 'a'.repeat(24), status: 201 };
const HASH = 'c'.repeat(64);

function sqlite(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

test('everything survives a restart, and a run that was still running is listed as cut off', async () => {
  const folder = await temporaryFolder();
  const first = await storageIn(folder);
  const [running, ended] = [0, 1].map(() => ({ _id: newId(), _integrationId: newId(), outcome: 'running' }));
  const runs = first.runs as RunStore<StoredRun & { outcome: string }>;
  await runs.write({ running: [running as never], ended: [[ended as never]] });
  await first.idempotency.begin('key', { request: 'r', creation });
  await first.permissions.put({ _id: newId(), fetch: [] });
  await first.tokens.setAdminTokenHash(HASH);
  await first.close();
  const again = await storageIn(folder);
  expect(await again.runs.find(running?._integrationId ?? '', running?._id ?? '')).toEqual({
    ...running,
    outcome: 'cut_off',
  });
  expect(await again.runs.find(ended?._integrationId ?? '', ended?._id ?? '')).toEqual(ended);
  expect(await again.idempotency.unfinished()).toEqual([{ key: 'key', creation }]);
  expect(await again.permissions.all()).toHaveLength(1);
  expect(await again.tokens.adminTokenHash()).toBe(HASH);
  expect(again.problems).toEqual([]);
});

const damages: [string, (file: string) => Promise<unknown>][] = [
  ['garbled', (file) => writeFile(file, 'nothing of the kind '.repeat(1_000))],
  ['cut off', (file) => writeFile(file, 'SQLite format 3\0')],
  ['a directory', (file) => mkdir(file)],
  ['of another shape', async (file) => sqlite(file, 'CREATE TABLE ended (other TEXT)')],
];

test.each(damages)('a file that is %s is quarantined and reported, and the rest works', async (_what, damage) => {
  const data = await temporaryFolder();
  await damage(join(data, FILE));
  const { client } = await serve({}, { data });
  const { status, body } = await client('GET', '/readyz');
  expect([status, body.status, body.reasons]).toEqual([
    200,
    'degraded',
    [expect.stringMatching(/^bulkhead\.sqlite is damaged .*set aside/)],
  ]);
  const { body: made } = await client('POST', '/integrations', { name: 'n' }, { 'idempotency-key': 'k' });
  expect((await client('GET', `/integrations/${made._id}/runs`)).body).toEqual([]);
  expect((await readdir(data)).filter((name) => /^bulkhead\.sqlite\..*\.damaged$/.test(name))).toHaveLength(1);
});

test('a file with rows that violate its schema is quarantined, too', async () => {
  const data = await temporaryFolder();
  await (await storageIn(data)).close();
  sqlite(join(data, FILE), `INSERT INTO running VALUES ('a', 'b', '{"half":')`);
  const storage = await storageIn(data);
  expect(storage.problems).toEqual([expect.objectContaining({ name: FILE })]);
  expect(storage.permissions.wereLost).toBe(true);
});

test('a file locked by another process is left alone, and the start fails with a clear message', async () => {
  const data = await temporaryFolder();
  const other = new DatabaseSync(join(data, FILE));
  onTestFinished(() => other.close());
  other.exec('CREATE TABLE other (id TEXT) STRICT; BEGIN EXCLUSIVE');
  await expect(storageIn(data)).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.stringContaining(FILE),
  });
  expect(await readdir(data)).not.toContainEqual(expect.stringContaining('damaged'));
});

async function oldFolder(): Promise<string> {
  const folder = await temporaryFolder();
  sqlite(
    join(folder, 'runs.sqlite'),
    `CREATE TABLE ended (integration TEXT NOT NULL, newest TEXT NOT NULL, ids TEXT NOT NULL, records TEXT NOT NULL) STRICT;
     CREATE TABLE going_on (id TEXT PRIMARY KEY, integration TEXT NOT NULL, record TEXT NOT NULL) STRICT;
     INSERT INTO ended VALUES ('i', 'r1', 'r1', '[{"_id":"r1","_integrationId":"i"}]');
     INSERT INTO going_on VALUES ('r2', 'i', '{"_id":"r2","_integrationId":"i","outcome":"running"}');`,
  );
  sqlite(
    join(folder, 'replies.sqlite'),
    `CREATE TABLE replies (key TEXT PRIMARY KEY, request TEXT NOT NULL, making TEXT NOT NULL, at INTEGER NOT NULL,
       reply TEXT, bytes INTEGER NOT NULL DEFAULT 0) STRICT;
     INSERT INTO replies (key, request, making, at) VALUES ('k', 'r', '${JSON.stringify(creation)}', ${Date.now()});`,
  );
  await writeFile(join(folder, 'admin.json'), JSON.stringify({ tokenHash: HASH }));
  await mkdir(join(folder, 'connectors'));
  const _id = 'b'.repeat(24);
  await writeFile(join(folder, 'connectors', `${_id}.json`), JSON.stringify({ _id, fetch: ['https://a.example'] }));
  return folder;
}

test('files of earlier versions are imported once, and deleted', async () => {
  const folder = await oldFolder();
  for (let start = 0; start < 2; start++) {
    const storage = await storageIn(folder);
    expect(storage.problems).toEqual([]);
    expect(await storage.runs.idsOf('i')).toEqual(['r1', 'r2']);
    expect(await storage.runs.find('i', 'r2')).toMatchObject({ outcome: 'cut_off' });
    expect(await storage.idempotency.find('k')).toEqual({ request: 'r', creation });
    expect(await storage.tokens.adminTokenHash()).toBe(HASH);
    expect(await storage.permissions.all()).toMatchObject([{ record: { fetch: ['https://a.example'] } }]);
    await storage.close();
    const left = (await readdir(folder, { recursive: true })).filter((name) => /runs|replies|admin|b{24}/.test(name));
    expect(left).toEqual([]);
  }
});

test('an import does not replace a newer token', async () => {
  const folder = await oldFolder();
  await withTokens(folder, (tokens) => tokens.setAdminTokenHash('d'.repeat(64)));
  expect(await (await storageIn(folder)).tokens.adminTokenHash()).toBe('d'.repeat(64));
});

test.each(['runs.sqlite', 'replies.sqlite', 'admin.json', `connectors/${'b'.repeat(24)}.json`])(
  'a damaged %s is reported, and the others are imported',
  async (name) => {
    const folder = await oldFolder();
    await writeFile(join(folder, name), 'x'.repeat(5_000));
    const storage = await storageIn(folder);
    const taken = {
      'runs.sqlite': (await storage.runs.idsOf('i')).length === 2,
      'replies.sqlite': (await storage.idempotency.find('k')) !== undefined,
      'admin.json': (await storage.tokens.adminTokenHash().catch(() => undefined)) === HASH,
      [`connectors/${'b'.repeat(24)}.json`]: (await storage.permissions.all())[0]?.record !== undefined,
    };
    const isJson = name.endsWith('.json');
    expect(
      Object.entries(taken)
        .filter(([, isTaken]) => !isTaken)
        .map(([each]) => each),
    ).toEqual(isJson && name !== 'admin.json' ? [] : [name]);
    if (name !== 'admin.json')
      expect(storage.problems).toEqual([expect.objectContaining({ message: expect.stringContaining('damaged') })]);
  },
);
