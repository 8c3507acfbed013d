/** The store on disk: damaged files, locks, and leftovers of writes. */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CommitLog } from '../../src/store/commit-log.ts';
import { lockFolder } from '../../src/store/folder-lock.ts';
import { openLowdbStore } from '../../src/store/lowdb-store.ts';
import { type DocumentJson as Document, FORMAT } from '../../src/store/stored.ts';
import { allOf, commitJson, documentOf, jsonOf } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';

const logsIn = (names: string[]): string[] => names.filter((name) => name.endsWith('.log'));

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'integrations'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'integrations', name), text);
  return folder;
}

test('a commit is read back after a restart, and leaves no temporary file', async () => {
  const folder = await temporaryFolder();
  const store = await openLowdbStore(folder);
  const document = documentOf({ name: 'Größe ✓' });
  const { _id } = document.integration;
  await commitJson(store, document);
  await store.close();
  const again = await openLowdbStore(folder);
  expect(jsonOf(await again.get(_id))).toEqual(document);
  await again.close();
  expect(await readdir(join(folder, 'integrations'))).toEqual([`${_id}.json`]);
});

const RECORD_ID = 'a'.repeat(24);
const RECORD = JSON.stringify({ ...documentOf().integration, _id: RECORD_ID });

test.each([
  ['cut off', (text: string) => text.slice(0, -20)],
  ['garbled', () => '\u0000\u0001'],
  ['empty', () => ''],
  ['of another shape', () => '{"format":1}'],
  ['of another integration', (text: string) => text.replaceAll(/"_id":"."/g, '"_id":"f"')],
  ['a list', (text: string) => `[${text}]`],
  ['nothing but null', () => 'null'],
  ['two documents', (text: string) => text + text],
  ['zeros, as after a power cut', (text: string) => '\0'.repeat(text.length)],
  [
    'with a revision that no longer counts',
    (text: string) => text.replace(/"revisions":{[^}]*}/, '"revisions":{"a":1e300}'),
  ],
  [
    'with a record under a name that is not its id',
    (text: string) => text.replace('"flows":{}', `"flows":{"../x":${RECORD}}`),
  ],
  [
    'with a record twice',
    (text: string) =>
      text.replace(
        '"imports":{},"flows":{}',
        `"imports":{"${RECORD_ID}":${RECORD}},"flows":{"${RECORD_ID}":${RECORD}}`,
      ),
  ],
  [
    'too deep to be written again',
    (text: string) => text.replace('"state":{}', `"state":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  ],
])('a file that is %s is quarantined unchanged, and the rest works', async (_case, damage) => {
  const [good, bad] = [documentOf(), documentOf()];
  const damagedText = damage(JSON.stringify(bad)).replaceAll(bad.integration._id, 'f'.repeat(24));
  const name = `${bad.integration._id}.json`;
  const folder = await folderWith({ [`${good.integration._id}.json`]: JSON.stringify(good), [name]: damagedText });
  const store = await openLowdbStore(folder);
  expect(await allOf(store)).toEqual([good]);
  expect(await store.get(bad.integration._id)).toBeUndefined();
  expect(store.problems.map((problem) => problem.name)).toEqual([name]);
  await store.close();
  const quarantined = (await readdir(join(folder, 'integrations'))).find((file) => file.endsWith('.damaged'));
  expect(await readFile(join(folder, 'integrations', quarantined ?? ''), 'utf8')).toBe(damagedText);
});

test('a file of a newer format is left in place, and so is a directory with the name of a file', async () => {
  const document = documentOf();
  const name = `${document.integration._id}.json`;
  const text = JSON.stringify({ ...document, format: FORMAT + 1 });
  const folder = await folderWith({ [name]: text });
  const inTheWay = `${documentOf().integration._id}.json`;
  await mkdir(join(folder, 'integrations', inTheWay));
  const store = await openLowdbStore(folder);
  expect(store.problems.map((problem) => problem.name).sort()).toEqual([name, inTheWay].sort());
  await store.close();
  expect(await readFile(join(folder, 'integrations', name), 'utf8')).toBe(text);
});

test('reads a file saved by an editor, with a byte order mark and Windows line endings', async () => {
  const document = documentOf({ name: 'edited' });
  const text = `\uFEFF${JSON.stringify(document, undefined, 2).replaceAll('\n', '\r\n')}`;
  const { _id } = document.integration;
  const folder = await folderWith({ [`${_id}.json`]: text });
  const store = await openLowdbStore(folder);
  expect([store.problems, await allOf(store)]).toEqual([[], [document]]);
  // Reads it from the list, then commits to it.
  const changed = { ...document, revisions: { [_id]: 2 } };
  await commitJson(store, changed);
  await store.close();
  expect(JSON.parse(await readFile(join(folder, 'integrations', `${_id}.json`), 'utf8'))).toEqual(changed);
});

test('deletes the temporary file of a killed process', async () => {
  const document = documentOf();
  const name = `${document.integration._id}.json`;
  const folder = await folderWith({ [name]: JSON.stringify(document), [`.${name}.17.tmp`]: '{"half":' });
  await writeFile(join(folder, '.secret-key.123456.tmp'), 'half a k');
  const store = await openLowdbStore(folder);
  await store.close();
  expect(await readdir(join(folder, 'integrations'))).toEqual([name]);
  expect((await readdir(folder)).sort()).toEqual(['holder.json', 'integrations', 'lock']);
});

test('refuses an invalid document before writing anything', async () => {
  const folder = await temporaryFolder();
  const store = await openLowdbStore(folder, {
    check: ({ integration }) => (integration.name === 'bad' ? 'a bad name' : undefined),
  });
  const document = documentOf({ name: 'bad' });
  await expect(commitJson(store, document)).rejects.toThrow('a bad name');
  expect(await allOf(store)).toEqual([]);
  await store.close();
  expect(await readdir(join(folder, 'integrations'))).toEqual([]);
});

test('a document whose file cannot be written blocks no other, and stays safe in the log until it can', async () => {
  const folder = await temporaryFolder();
  let store = await openLowdbStore(folder);
  const [blocked, free] = [documentOf({ name: 'blocked' }), documentOf({ name: 'free' })];
  const inTheWay = join(folder, 'integrations', `${blocked.integration._id}.json`);
  await mkdir(inTheWay);
  for (const document of [blocked, free]) await commitJson(store, document);
  await vi.waitFor(() => expect(store.problems).toHaveLength(1), 20_000);
  expect(store.problems[0]?.message).toContain('safe in the log');
  expect(JSON.parse(await readFile(join(folder, 'integrations', `${free.integration._id}.json`), 'utf8'))).toEqual(
    free,
  );
  await store.close();

  store = await openLowdbStore(folder);
  expect(await allOf(store)).toEqual([blocked, free]);
  await rm(inTheWay, { recursive: true });
  await vi.waitFor(() => expect(store.problems.map(({ name }) => name)).not.toContain('integrations'), 20_000);
  await store.close();
  expect(JSON.parse(await readFile(inTheWay, 'utf8'))).toEqual(blocked);
  expect(logsIn(await readdir(folder))).toEqual([]);
});

test('commits made during a checkpoint reach their files too', async () => {
  const folder = await temporaryFolder();
  const store = await openLowdbStore(folder);
  const commit = (document: Document): Promise<unknown> => commitJson(store, document);
  await Promise.all(Array.from({ length: 200 }, () => commit(documentOf())));
  const filesIn = async (): Promise<string[]> => readdir(join(folder, 'integrations'));
  // Commit while a checkpoint is writing files.
  await vi.waitFor(async () => expect((await filesIn()).length).toBeGreaterThan(10), { timeout: 20_000, interval: 1 });
  while ((await filesIn()).length < 150) await commit(documentOf());
  for (let i = 0; i < 3; i++) {
    const last = documentOf();
    await commit(last);
    await vi.waitFor(async () => expect(await filesIn()).toContain(`${last.integration._id}.json`), {
      timeout: 20_000,
      interval: 20,
    });
  }
  await store.close();
});

test('of two files with the same record the later one is quarantined', async () => {
  const [first, second] = [documentOf(), documentOf()];
  const record = documentOf().integration;
  const files = [first, second].map((document) => ({ ...document, exports: { [record._id]: record } }));
  const folder = await folderWith(
    Object.fromEntries(files.map((document) => [`${document.integration._id}.json`, JSON.stringify(document)])),
  );
  const store = await openLowdbStore(folder);
  expect((await allOf(store)).map(({ integration }) => integration._id)).toEqual([first.integration._id]);
  expect(store.problems).toEqual([
    {
      name: `${second.integration._id}.json`,
      message: expect.stringContaining(`${record._id} is a record of ${first.integration._id}`),
    },
  ]);
  await store.close();
});

describe('the log of a process that was killed', () => {
  async function folderWithLog(entries: [id: string, text: string][]): Promise<string> {
    const folder = await folderWith({});
    const log = await CommitLog.create(folder, join(folder, 'commits-7.log'));
    for (const [integrationId, text] of entries) await log.append({ integrationId, text: Buffer.from(text) });
    await log.close();
    return folder;
  }

  test('is written to the files, with the last entry of each document, and deleted', async () => {
    const [changed, removed] = [documentOf({ name: 'first' }), documentOf()];
    const last = { ...changed, integration: { ...changed.integration, name: 'last' } };
    const [id, other] = [changed.integration._id, removed.integration._id];
    const folder = await folderWithLog([
      [id, JSON.stringify(changed)],
      [other, JSON.stringify(removed)],
      [id, JSON.stringify(last)],
      [other, ''],
    ]);
    const store = await openLowdbStore(folder);
    expect(await allOf(store)).toEqual([last]);
    expect(await readdir(join(folder, 'integrations'))).toEqual([`${id}.json`]);
    expect(logsIn(await readdir(folder))).toEqual([]);
    await commitJson(store, removed);
    expect(logsIn(await readdir(folder))).toEqual(['commits-8.log']);
    await store.close();
  });

  test('restores a damaged file, which is quarantined', async () => {
    const document = documentOf();
    const name = `${document.integration._id}.json`;
    const folder = await folderWithLog([[document.integration._id, JSON.stringify(document)]]);
    await writeFile(join(folder, 'integrations', name), '{"half":');
    const store = await openLowdbStore(folder);
    expect(await allOf(store)).toEqual([document]);
    await store.close();
    const files = await readdir(join(folder, 'integrations'));
    expect(files.map((file) => file.replace(/\.[^.]*\.damaged$/, '.damaged')).sort()).toEqual([
      name,
      `${name}.damaged`,
    ]);
  });

  test.each([
    ['of another shape', (document: object) => JSON.stringify({ ...document, connections: 5 })],
    ['of a newer format', (document: object) => JSON.stringify({ ...document, format: 99 })],
    ['of no JSON', () => '{"half":'],
  ])('with an entry %s is quarantined, and the rest of it is applied', async (_case, textOf) => {
    const [good, bad] = [documentOf(), documentOf()];
    const folder = await folderWithLog([
      [bad.integration._id, textOf(bad)],
      [good.integration._id, JSON.stringify(good)],
    ]);
    const store = await openLowdbStore(folder);
    expect(await allOf(store)).toEqual([good]);
    expect(store.problems).toEqual([{ name: 'commits-7.log', message: expect.stringContaining(bad.integration._id) }]);
    await store.close();
    expect((await readdir(folder)).filter((name) => name.endsWith('.damaged'))).toHaveLength(1);
  });

  test('is quarantined if it cannot be read', async () => {
    const folder = await folderWith({});
    await mkdir(join(folder, 'commits-1.log'));
    const store = await openLowdbStore(folder);
    expect(store.problems.map(({ name }) => name)).toEqual(['commits-1.log']);
    await store.close();
  });
});

test.each([
  [
    'an invalid lock file',
    async (folder: string) => writeFile(join(folder, 'lock'), 'garbage '.repeat(1_000)),
    'is not a lock',
  ],
  ['a directory for a lock', async (folder: string) => mkdir(join(folder, 'lock')), 'lock'],
])('%s is reported in a sentence', async (_what, damage, sentence) => {
  const folder = await temporaryFolder();
  await damage(folder);
  await expect(openLowdbStore(folder)).rejects.toMatchObject({
    code: 'store_locked',
    message: expect.stringContaining(sentence),
  });
});

test('a read-only folder is reported as read-only, not as in use', async (context) => {
  const folder = await temporaryFolder();
  const mounted = join(folder, 'read-only');
  await mkdir(join(mounted, 'integrations'), { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', mounted], { stdio: 'ignore' });
  } catch {
    return context.skip('no mount here');
  }
  onTestFinished(() => void execFileSync('umount', ['-l', mounted]));
  expect(() => lockFolder(mounted)).toThrow(
    expect.objectContaining({ message: expect.stringContaining('cannot be written (EROFS)') }),
  );
});

test('a folder can be opened by one store at a time', async () => {
  const folder = await temporaryFolder();
  const store = await openLowdbStore(folder);
  await expect(openLowdbStore(folder)).rejects.toMatchObject({
    code: 'store_locked',
    message: expect.stringContaining(`process ${process.pid}`),
  });
  await store.close();
  await (await openLowdbStore(folder)).close();
});
