/** Backups: round trip, invalid backups, and backup and restore while a server is being written to. */

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { permissionBackup } from '../../src/connector/permission-backup.ts';
import { PermissionStore } from '../../src/connector/permission-store.ts';
import { type BackupPart, backupOf, restore } from '../../src/store/backup.ts';
import { openLowdbStore } from '../../src/store/lowdb-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type DocumentJson as Document, RECORDS_MAX, STATE_KEYS_MAX } from '../../src/store/stored.ts';
import { CODE, CONNECTOR, GROUP, install } from '../crash/model.ts';
import { backedDocument, backupOf as backupOfLines, date, newId } from '../support/backup-text.ts';
import { createClient, errorsOf } from '../support/client.ts';
import { callCommand, linesOf, runCommand } from '../support/command.ts';
import { allOf, commitJson, documentOf } from '../support/documents.ts';
import { temporaryFolder, writeBundle } from '../support/folders.ts';
import { startServer } from '../support/server.ts';
import { memoryStorage } from '../support/storages.ts';

const NOW = new Date('2026-01-02T03:04:05Z');

async function storeOf(documents: readonly Document[]): Promise<Store> {
  const store = createMemoryStore();
  for (const document of documents) await commitJson(store, document);
  return store;
}

async function save(store: Store, ...parts: readonly BackupPart[]): Promise<string> {
  const file = join(await temporaryFolder(), 'backup.gz');
  await pipeline(backupOf(store, NOW, parts), createWriteStream(file));
  return file;
}

function withRecord(document: Document): Document {
  const record = documentOf().integration;
  return { ...document, exports: { [record._id]: record }, revisions: { ...document.revisions, [record._id]: 3 } };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

test('a restore reproduces the backup: names of any kind, large settings, an empty store', async () => {
  const documents = [
    withRecord(documentOf({ name: 'Größe ✓ \u2028' })),
    documentOf({ text: 'ü'.repeat(2_500_000) }),
    documentOf(),
  ];
  for (const all of [documents, []]) {
    const file = await save(await storeOf(all));
    const store = await openLowdbStore(await temporaryFolder());
    onTestFinished(() => store.close());
    expect(await restore(store, file)).toEqual({ restored: all.length, unchanged: 0, overwritten: 0, acceptances: 0 });
    // `toEqual` would print five megabytes on failure.
    expect(isDeepStrictEqual(await allOf(store), all)).toBe(true);
    expect(await restore(store, file)).toEqual({ restored: 0, unchanged: all.length, overwritten: 0, acceptances: 0 });
  }
});

test('different content is overwritten only on request', async () => {
  const [changed, same, other] = [withRecord(documentOf()), documentOf(), documentOf({ name: 'not in the backup' })];
  const file = await save(await storeOf([changed, same]));
  const { [changed.integration._id]: revision = 0 } = changed.revisions;
  const now = {
    ...changed,
    integration: { ...changed.integration, name: 'changed since' },
    revisions: { [changed.integration._id]: revision },
    exports: {},
  };
  const store = await storeOf([now, same, other]);
  await expect(restore(store, file)).rejects.toMatchObject({
    code: 'already_there',
    message: expect.stringContaining(changed.integration._id),
  });
  expect(await allOf(store)).toEqual([now, same, other]);
  expect(await restore(store, file, { overwrite: true })).toMatchObject({ restored: 0, unchanged: 1, overwritten: 1 });
  const [restored] = await allOf(store);
  const { revisions, ...content } = changed;
  expect(restored).toMatchObject(content);
  // A unit that read the document before the restore is stale.
  for (const [id, revision] of Object.entries(revisions)) expect(restored?.revisions[id]).toBe(revision + 1);
});

const linesIn = async (file: string): Promise<string[]> =>
  gunzipSync(await readFile(file))
    .toString()
    .split('\n')
    .slice(0, -1);
/** A backup of these lines with a matching last line. */
function sealed(lines: readonly string[], counts: object): Buffer {
  const text = lines.map((line) => `${line}\n`).join('');
  const sha256 = createHash('sha256').update(text).digest('hex');
  return gzipSync(`${text}${JSON.stringify({ ...counts, sha256 })}\n`);
}

test.each([
  ['1', { documents: 1 }],
  ['2', { acceptances: 0, documents: 1 }],
])('restores a backup of version %s, which had fewer kinds of records', async (version, counts) => {
  const document = documentOf();
  const [head = '', ...rest] = await linesIn(await save(await storeOf([document])));
  const file = join(await temporaryFolder(), 'old.gz');
  await writeFile(file, sealed([head.replace('"version":3', `"version":${version}`), ...rest.slice(0, -1)], counts));
  const store = await storeOf([]);
  expect(await restore(store, file)).toMatchObject({ restored: 1 });
  expect(await allOf(store)).toEqual([document]);
});

describe('permissions', () => {
  const grantedTo = (digit: string, ...fetch: string[]) => ({
    _id: digit.repeat(24),
    fetch,
    folder: 'größe',
    acceptedAt: NOW.toISOString(),
  });
  const [one, two] = [grantedTo('1', 'https://a.example', 'https://b.example'), grantedTo('2')];
  async function permissionsOf(...all: readonly ReturnType<typeof grantedTo>[]): Promise<PermissionStore> {
    const permissions = await PermissionStore.open(memoryStorage(), () => NOW);
    for (const each of all) await permissions.replace(each);
    return permissions;
  }
  const saved = async () => save(await storeOf([documentOf()]), permissionBackup(await permissionsOf(one, two)));

  test('are restored; equal ones are left alone', async () => {
    const storage = memoryStorage();
    const permissions = await PermissionStore.open(storage, () => NOW);
    const { fetch } = one;
    await permissions.replace({ ...one, fetch: fetch.toReversed(), folder: 'here', acceptedAt: '' });
    const options = { parts: [permissionBackup(permissions)] };
    const [store, file] = [await storeOf([]), await saved()];
    expect(await restore(store, file, options)).toMatchObject({ restored: 1, acceptances: 1 });
    expect(await restore(store, file, options)).toMatchObject({ unchanged: 1, acceptances: 0 });
    const again = await PermissionStore.open(storage, () => NOW);
    expect(again.all()).toEqual(permissions.all());
    expect(again.all()).toMatchObject([{ fetch: fetch.toReversed(), folder: 'here' }, two]);
  });

  test.each([
    ['less', ['https://a.example']],
    ['more', [...one.fetch, 'https://c.example']],
  ])('are overwritten only on request if they are %s, and keep their local name', async (_what, fetch) => {
    const permissions = await permissionsOf({ ...one, fetch, folder: 'here' });
    const options = { parts: [permissionBackup(permissions)] };
    const [store, file] = [await storeOf([]), await saved()];
    await expect(restore(store, file, options)).rejects.toMatchObject({
      code: 'already_there',
      message: expect.stringContaining(one._id),
    });
    expect([await allOf(store), permissions.all()]).toMatchObject([[], [{ fetch }]]);
    expect(await restore(store, file, { ...options, overwrite: true })).toMatchObject({ acceptances: 2 });
    expect(permissions.all()).toEqual([{ ...one, folder: 'here' }, two]);
  });

  test.each([
    ['of no connector', { ...one, _id: '../../x' }],
    ['without origins', { ...one, fetch: undefined }],
    ['null', null],
  ])('are refused if damaged, and nothing is restored: %s', async (_what, acceptance) => {
    const [head = '', , , document = ''] = await linesIn(await saved());
    const file = join(await temporaryFolder(), 'damaged.gz');
    const counts = { acceptances: 2, documents: 1 };
    const lines = [head, JSON.stringify({ acceptance: two }), JSON.stringify({ acceptance }), document];
    await writeFile(file, sealed(lines, counts));
    const [store, permissions] = [await storeOf([]), await permissionsOf()];
    const restoring = restore(store, file, { parts: [permissionBackup(permissions)] });
    await expect(restoring).rejects.toMatchObject({ code: 'invalid_backup' });
    expect([await allOf(store), permissions.all()]).toEqual([[], []]);
    // The control.
    await writeFile(file, sealed(lines.toSpliced(2, 1, JSON.stringify({ acceptance: one })), counts));
    const whole = await restore(store, file, { parts: [permissionBackup(permissions)] });
    expect(whole).toMatchObject({ restored: 1, acceptances: 2 });
  });
});

describe('refuses, and restores nothing:', () => {
  const [first, second] = [withRecord(documentOf()), documentOf()];
  const lines = async (): Promise<string[]> => linesIn(await save(await storeOf([first, second])));
  /** A backup with its first document changed and a matching last line. */
  const hostile =
    (change: (document: Document) => unknown) =>
    ([head = '', , ...rest]: string[]): Buffer =>
      sealed([head, textOf(change(first)), ...rest.slice(0, -1)], { acceptances: 0, documents: rest.length });
  const moreThan = (count: number): string[] => Array.from({ length: count + 1 }, newId);
  const zipped = (all: readonly string[]): Buffer => gzipSync(all.map((line) => `${line}\n`).join(''));

  const damages: [string, (all: string[]) => Buffer][] = [
    ['nothing', () => Buffer.alloc(0)],
    ['no gzip', () => Buffer.from('{}')],
    ['a gzip of nothing', () => gzipSync('')],
    ['a gzip that is cut off', (all) => zipped(all).subarray(0, -20)],
    ['one without its end', (all) => zipped(all.slice(0, -1))],
    ['one without its last document', (all) => zipped([...all.slice(0, 2), ...all.slice(3)])],
    ['one whose lines have changed places', ([head = '', a = '', b = '', end = '']) => zipped([head, b, a, end])],
    ['one with a letter changed', (all) => zipped(all.map((line) => line.replace('"one"', '"two"')))],
    ['one of another product', (all) => zipped(all.map((line) => line.replace('bulkhead-backup', 'other')))],
    ['one of a later version', (all) => zipped(all.map((line) => line.replace('"version":3', '"version":4')))],
    ['one whose last line is cut off', (all) => gzipSync(all.join('\n'))],
    ['one with an end that knows more', (all) => sealed(all.slice(0, -1), { acceptances: 1, documents: 2 })],
    ['a bomb: a line without an end', () => gzipSync(Buffer.alloc(64 * 1024 * 1024, 'a'))],
    ['a bomb: lines without end', () => gzipSync(Buffer.alloc(64 * 1024 * 1024, '\n'))],
    [
      'a path for an id',
      hostile((document) => ({ ...document, integration: { ...document.integration, _id: '../../../../etc/x' } })),
    ],
    [
      "another's id",
      hostile((document) => ({ ...document, integration: { ...document.integration, _id: second.integration._id } })),
    ],
    [
      'ids that have changed places',
      hostile(({ exports, ...rest }) => ({ ...rest, exports: { ['f'.repeat(24)]: Object.values(exports)[0] } })),
    ],
    [
      'a path for the id of a record',
      hostile(({ exports, ...rest }) => ({
        ...rest,
        exports: { '../x': { ...Object.values(exports)[0], _id: '../x' } },
      })),
    ],
    ['a record twice', hostile((document) => ({ ...document, flows: document.exports }))],
    [
      'a record with the id of the integration',
      hostile((document) => ({ ...document, flows: { [document.integration._id]: document.integration } })),
    ],
    [
      'a record of another integration',
      hostile(({ exports, ...rest }) => ({
        ...rest,
        exports: Object.fromEntries(
          Object.entries(exports).map(([id, record]) => [id, { ...record, _integrationId: second.integration._id }]),
        ),
      })),
    ],
    ...[0, -1, 1.5, 1e300, '2', null].map((revision): [string, (all: string[]) => Buffer] => [
      `the revision ${JSON.stringify(revision)}`,
      hostile((document) => ({ ...document, revisions: { [document.integration._id]: revision } })),
    ]),
    [
      'more records than an integration groups',
      hostile((document) => ({
        ...document,
        flows: Object.fromEntries(
          moreThan(RECORDS_MAX).map((_id) => [_id, { _id, createdAt: date, lastModified: date }]),
        ),
      })),
    ],
    [
      'more keys than a state has',
      hostile((document) => ({
        ...document,
        state: Object.fromEntries(moreThan(STATE_KEYS_MAX).map((key) => [key, 1])),
      })),
    ],
    [
      'more revisions than there can be records',
      hostile((document) => ({
        ...document,
        revisions: Object.fromEntries(moreThan(RECORDS_MAX + STATE_KEYS_MAX + 2).map((id) => [id, 1])),
      })),
    ],
    ['fields that nobody knows', hostile((document) => ({ ...document, extra: 1 }))],
    [
      'records named like members of every object',
      hostile((document) =>
        JSON.parse(JSON.stringify(document).replace('"flows":{}', '"flows":{"__proto__":{"name":"x"}}')),
      ),
    ],
    [
      'a state that nests without end',
      hostile((document) =>
        JSON.stringify({ ...document, state: { deep: 0 } }).replace(
          '"deep":0',
          `"deep":${'['.repeat(50_000)}${']'.repeat(50_000)}`,
        ),
      ),
    ],
  ];
  test('a backup of more documents than are cached is read twice, and restored', async () => {
    const documents = Array.from({ length: 1_001 }, () => backedDocument());
    const file = join(await temporaryFolder(), 'backup.gz');
    await writeFile(file, backupOfLines(documents.map((document) => JSON.stringify(document))));
    const store = await storeOf([]);
    expect(await restore(store, file)).toMatchObject({ restored: documents.length });
    expect(await restore(store, file)).toMatchObject({ unchanged: documents.length });
  });

  test('control: the same backup, rebuilt without a change, is restored', async () => {
    const file = join(await temporaryFolder(), 'backup.gz');
    await writeFile(file, hostile((document) => document)(await lines()));
    expect(await restore(await storeOf([]), file)).toMatchObject({ restored: 2 });
  });

  test.each(damages)('%s', async (_case, damage) => {
    const file = join(await temporaryFolder(), 'backup.gz');
    await writeFile(file, damage(await lines()));
    const store = await storeOf([]);
    await expect(restore(store, file)).rejects.toMatchObject({ code: 'invalid_backup' });
    expect(await allOf(store)).toEqual([]);
  });

  test('a document that breaks a rule of the store', async () => {
    const file = await save(await storeOf([first, second]));
    const store = await storeOf([]);
    const check = ({ integration }: Document) => (integration._id === second.integration._id ? 'no' : undefined);
    await expect(restore(store, file, { check })).rejects.toMatchObject({ code: 'invalid_backup' });
    expect(await allOf(store)).toEqual([]);
  });

  test('a record that belongs to another integration', async () => {
    const file = await save(await storeOf([first]));
    const other = { ...second, exports: first.exports, revisions: { ...second.revisions, ...first.revisions } };
    delete other.revisions[first.integration._id];
    const store = await storeOf([other]);
    await expect(restore(store, file, { overwrite: true })).rejects.toMatchObject({ code: 'already_there' });
    expect(await allOf(store)).toEqual([other]);
  });
});

describe('the commands', () => {
  const TOKEN = 'the-backup-tests-token';

  const run = (args: string[], environment: Record<string, string>) => callCommand(args, { environment });
  const PATIENT = { timeout: 180_000 };

  test('save and restore a folder without a server, and overwrite nothing by default', PATIENT, async () => {
    const folder = await temporaryFolder();
    const [from, to, file] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'größe.backup.gz')];
    const store = await openLowdbStore(from);
    const document = documentOf({ name: 'n' });
    await commitJson(store, document);
    await store.close();

    const on = (args: string[], data: string) => run(args, { BULKHEAD_DATA: data });
    expect(await on(['backup', file], join(folder, 'misspelt'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no data folder'),
    });
    expect(await on(['backup', file], from)).toMatchObject({ code: 0, stderr: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await on(['backup', file], from)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--overwrite'),
    });
    expect(await on(['backup', file, '--overwrite'], from)).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(['from', 'größe.backup.gz']);

    expect((await on(['restore', file], to)).stdout).toContain('Restored 1 integrations');
    const restored = await openLowdbStore(to);
    expect(await allOf(restored)).toEqual([document]);
    const changed = { ...document, integration: { ...document.integration, name: 'changed' } };
    await commitJson(restored, changed);
    await restored.close();
    expect(await on(['restore', file], to)).toMatchObject({ code: 1, stderr: expect.stringContaining('--overwrite') });
    expect((await on(['restore', file, '--overwrite'], to)).stdout).toContain('overwrote 1');
  });

  test('a missing backup is reported in one sentence', async () => {
    const { code, stderr } = await run(['restore', '/nowhere/at/all'], { BULKHEAD_DATA: await temporaryFolder() });
    expect([code, linesOf(stderr)]).toEqual([1, [expect.stringContaining('does not exist')]]);
  });

  test(
    'ask the server that has the folder; each integration is saved as it was at one moment, and nobody waits',
    PATIENT,
    async () => {
      const [data, other, connectors, folder] = (await Promise.all(Array.from({ length: 4 }, temporaryFolder))) as [
        string,
        string,
        string,
        string,
      ];
      await writeBundle(connectors, 'crash', { connector: CONNECTOR, code: CODE });
      const environment = { BULKHEAD_TOKEN: TOKEN, BULKHEAD_CONNECTORS: connectors };
      const server = await startServer({ ...environment, BULKHEAD_DATA: data });
      const client = createClient(server.url, TOKEN);
      const ids: string[] = [];
      for (let i = 0; i < 16; i++) ids.push((await install(client, `i${i}`)).body._id);

      const file = join(folder, 'backup.gz');
      let isOver = false;
      let number = 0;
      const failed: unknown[] = [];
      const working = ids.map(async (id) => {
        while (!isOver) {
          const call = client('PUT', `/integrations/${id}/utilities/group`, { number: ++number });
          const { status, body } = await call.catch((error) => ({ status: 0, body: error }));
          if (status !== 200) failed.push(body);
          if (status === 0) return;
        }
      });
      onTestFinished(() => {
        isOver = true;
      });
      const ask = { BULKHEAD_DATA: data, BULKHEAD_PORT: new URL(server.url).port };
      const withoutToken = await run(['backup', file], ask);
      expect(withoutToken).toMatchObject({ code: 1, stderr: expect.stringContaining('BULKHEAD_TOKEN') });
      const numberBefore = number;
      expect(await runCommand(['backup', file], { environment: { ...ask, BULKHEAD_TOKEN: TOKEN } })).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect(number).toBeGreaterThan(numberBefore);
      isOver = true;
      await Promise.all(working);
      expect(failed).toEqual([]);

      const second = await startServer({ ...environment, BULKHEAD_DATA: other });
      const restoring = { BULKHEAD_DATA: other, BULKHEAD_PORT: new URL(second.url).port, BULKHEAD_TOKEN: TOKEN };
      expect((await run(['restore', file], restoring)).stdout).toContain('Restored 16 integrations');
      const there = createClient(second.url, TOKEN);
      for (const id of ids) {
        const { body } = await there('GET', `/integrations/${id}`);
        const { body: connections } = await there('GET', `/connections?_integrationId=${id}`);
        const names = connections.map(({ name }: { name: string }) => name);
        expect(names.length % GROUP).toBe(0);
        const last = names.slice(-GROUP).map((name: string) => name.split(' ')[0]);
        expect(new Set(last)).toEqual(new Set([body.description]));
      }
      await there('PUT', `/integrations/${ids[0]}`, { name: 'changed' });
      const refused = await run(['restore', file], restoring);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(String(ids[0])) });
      expect((await run(['restore', file, '--overwrite'], restoring)).stdout).toContain('overwrote 1');
      expect((await there('GET', `/integrations/${ids[0]}`)).body.name).toBe('i0');
      // A file being written has a temporary name.
      await vi.waitFor(
        async () =>
          expect(await readdir(join(other, 'integrations'))).not.toContainEqual(expect.stringMatching(/tmp$/)),
        10_000,
      );
    },
  );

  test('the server refuses a body that is not a backup, and leaves no file', PATIENT, async () => {
    const data = await temporaryFolder();
    const server = await startServer({
      BULKHEAD_TOKEN: TOKEN,
      BULKHEAD_DATA: data,
      BULKHEAD_CONNECTORS: await temporaryFolder(),
    });
    const client = createClient(server.url, TOKEN);
    const post = (body: string, type: string) => client('POST', '/v1/restore', body, { 'content-type': type });
    const wrongType = await post('{}', 'application/json');
    expect([wrongType.status, errorsOf(wrongType)]).toEqual([415, [['unsupported_media_type']]]);
    const damaged = await post('{}', 'application/gzip');
    expect([damaged.status, errorsOf(damaged)]).toEqual([422, [['invalid_backup']]]);
    expect(await readdir(join(data, 'integrations'))).toEqual([]);
  });
});
