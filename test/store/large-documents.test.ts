/** Documents over 256 KiB: the cost of a commit, and that nothing is lost. */
import { cp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LARGE_BYTES } from '../../src/json.ts';
import { documentFrom } from '../../src/store/document.ts';
import { openLowdbStore } from '../../src/store/lowdb-store.ts';
import type { Store } from '../../src/store/store.ts';
import { type DocumentJson, RECORDS_MAX, type Stored } from '../../src/store/stored.ts';
import { ConflictError, UnitOfWork } from '../../src/store/unit-of-work.ts';
import { allOf, commitJson, documentOf, jsonOf, newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';

const record = (fields: Record<string, unknown> = {}): Stored =>
  ({ ...documentOf().integration, _id: newId(), ...fields }) as Stored;

/** A document with that many records of 1 KB, and settings of 300 KB. */
function largeDocument(records = 1_000): DocumentJson {
  const document = documentOf();
  const exports = Array.from({ length: records }, (_, i) => record({ number: i, text: 'x'.repeat(800), ü: 'ß' }));
  return {
    ...document,
    integration: { ...document.integration, settings: { text: 's'.repeat(300_000) } },
    exports: Object.fromEntries(exports.map((each) => [each._id, each])),
    state: { small: 1, large: 'l'.repeat(1_000_000), __proto__x: null, 'ke"y': [] },
    revisions: {
      ...document.revisions,
      ...Object.fromEntries(exports.map(({ _id }, i) => [_id, i + 1])),
      'state:small': 1,
      'state:large': 2,
      'state:__proto__x': 3,
      'state:ke"y': 4,
      state: 4,
    },
  };
}

async function openStore(folder: string): Promise<Store> {
  const store = await openLowdbStore(folder);
  onTestFinished(() => store.close());
  return store;
}

async function logBytes(folder: string): Promise<number> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'));
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** If a log vanishes while being copied, copy again: its documents are in their files now. */
async function copyOf(folder: string): Promise<string> {
  const copy = join(await temporaryFolder(), 'copy');
  try {
    await cp(folder, copy, { recursive: true, filter: (path) => !/lock$|\.tmp$/.test(path) });
    return copy;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return copyOf(folder);
  }
}

/** The documents that a new process would find if this one were killed now. */
async function afterKill(folder: string): Promise<DocumentJson[]> {
  const copy = await copyOf(folder);
  const store = await openStore(copy);
  expect(store.problems).toEqual([]);
  return allOf(store);
}

test('a document of any size reads back the same: at once, after a kill, and after a restart', async () => {
  const folder = await temporaryFolder();
  const store = await openStore(folder);
  const documents = [largeDocument(), documentOf(), largeDocument(1)];
  for (const document of documents) {
    expect(await commitJson(store, document)).toEqual(document);
    expect(jsonOf(await store.get(document.integration._id))).toEqual(document);
  }
  expect(await afterKill(folder)).toEqual(documents);
  await store.close();
  expect(await allOf(await openStore(folder))).toEqual(documents);
});

test('a small commit on a large document writes only the change', async () => {
  const folder = await temporaryFolder();
  const store = await openStore(folder);
  const document = largeDocument();
  const { _id } = document.integration;
  await commitJson(store, document);
  const before = await logBytes(folder);
  expect(before).toBeGreaterThan(2_000_000);
  for (let i = 0; i < 50; i++) {
    await UnitOfWork.change(store, _id, (unit) => unit.putState('small', Buffer.from(String(i))));
  }
  expect((await logBytes(folder)) - before).toBeLessThan(50 * 1_000);
  const [found] = await afterKill(folder);
  expect(found).toEqual({
    ...document,
    state: { ...document.state, small: 49 },
    revisions: { ...document.revisions, state: 54, 'state:small': 54 },
  });
});

describe('each kind of change to a large document survives a kill:', () => {
  const change = async (work: (unit: UnitOfWork, document: DocumentJson) => void): Promise<void> => {
    const folder = await temporaryFolder();
    const store = await openStore(folder);
    const document = largeDocument(400);
    const { _id } = document.integration;
    await commitJson(store, document);
    await UnitOfWork.change(store, _id, (unit) => work(unit, document));
    const expected = jsonOf(await store.get(_id));
    expect(expected).not.toEqual(document);
    expect(await afterKill(folder)).toEqual([expected]);
    await store.close();
    expect(await allOf(await openStore(folder))).toEqual([expected]);
  };
  const integrationOf = (unit: UnitOfWork): Stored => unit.integration as Stored;

  test('its name, but not its settings', () =>
    change((unit) => unit.putIntegration({ ...integrationOf(unit), name: 'two' })));
  test('a new record', () => change((unit) => void unit.putRecord('flows', record())));
  test('a large record', () => change((unit) => void unit.putRecord('flows', record({ text: 'f'.repeat(400_000) }))));
  test('a removed record', () =>
    change((unit, { exports }) => unit.removeRecord('exports', Object.keys(exports)[7] as string)));
  test('a removed state key, and one set again', () =>
    change((unit) => {
      unit.removeState('small');
      unit.removeState('large');
      unit.putState('large', Buffer.from('2'));
    }));
  test('nearly everything removed, so that it is small again', () =>
    change((unit, { exports }) => {
      for (const id of Object.keys(exports)) unit.removeRecord('exports', id);
      unit.removeState('large');
    }));
});

test('a document that grows becomes large, one that shrinks becomes small, and both keep their revisions', async () => {
  const folder = await temporaryFolder();
  const store = await openStore(folder);
  const document = documentOf();
  const { _id } = document.integration;
  await commitJson(store, document);
  for (let i = 0; i < 3; i++) {
    const large = record({ text: 'x'.repeat(LARGE_BYTES) });
    await UnitOfWork.change(store, _id, (unit) => void unit.putRecord('imports', large));
    await UnitOfWork.change(store, _id, (unit) => void unit.putRecord('imports', { ...large, number: i }));
    expect((await store.get(_id))?.imports.get(large._id)?.revision).toBe(2);
    await UnitOfWork.change(store, _id, (unit) => unit.removeRecord('imports', large._id));
    expect(await afterKill(folder)).toEqual([document]);
  }
});

test('two units conflict if they change the same part of a large document, and only then', async () => {
  const store = await openStore(await temporaryFolder());
  const document = largeDocument();
  const { _id } = document.integration;
  await commitJson(store, document);
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => UnitOfWork.open(store, _id)));
  const [first = '', second = ''] = Object.keys(document.exports);
  one?.putRecord('exports', { ...(document.exports[first] as Stored), number: -1 });
  two?.removeRecord('exports', second);
  three?.putRecord('exports', { ...(document.exports[first] as Stored), number: -2 });
  await one?.commit();
  await two?.commit();
  await expect(three?.commit()).rejects.toThrow(ConflictError);
  const after = await store.get(_id);
  expect(after?.exports.get(first)?.value.number).toBe(-1);
  expect(after?.exports.has(second)).toBe(false);
});

test('a referenced record cannot be removed concurrently', async () => {
  const store = await openStore(await temporaryFolder());
  const document = largeDocument();
  const { _id } = document.integration;
  await commitJson(store, document);
  const [target = ''] = Object.keys(document.exports);
  const [referring, removing] = [await UnitOfWork.open(store, _id), await UnitOfWork.open(store, _id)];
  referring.putRecord('flows', record({ _exportId: target }));
  removing.removeRecord('exports', target);
  await referring.commit();
  await expect(removing.commit()).rejects.toThrow(ConflictError);
});

test('the number of records of an integration is limited', async () => {
  const store = await openStore(await temporaryFolder());
  const document = documentOf();
  const ids = Array.from({ length: RECORDS_MAX }, () => newId());
  const { createdAt, lastModified } = document.integration;
  const exports = Object.fromEntries(ids.map((_id) => [_id, { _id, createdAt, lastModified }]));
  await store.commit(document.integration._id, () => documentFrom({ ...document, exports }));
  const oneMore = UnitOfWork.change(store, document.integration._id, (unit) => void unit.putRecord('flows', record()));
  await expect(oneMore).rejects.toMatchObject({ code: 'integration_too_large' });
  await UnitOfWork.change(store, document.integration._id, (unit) => unit.removeRecord('exports', ids[0] as string));
  await UnitOfWork.change(store, document.integration._id, (unit) => void unit.putRecord('flows', record()));
});
