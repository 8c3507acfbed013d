/** Credentials of a storage that is served meanwhile: which are re-sealed, and what becomes of changes made meanwhile. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { JsonObject } from '../../src/json.ts';
import { BackgroundRotation } from '../../src/record/background-rotation.ts';
import { openSecrets, sealSecrets } from '../../src/record/credentials.ts';
import { Keyring } from '../../src/record/keyring.ts';
import { openPostgres } from '../../src/store/postgres/open.ts';
import type { Storage } from '../../src/store/storage.ts';
import { type Store, StoreError } from '../../src/store/store.ts';
import type { RecordKind, Stored } from '../../src/store/stored.ts';
import { ConflictError, UnitOfWork } from '../../src/store/unit-of-work.ts';
import { WorkPool } from '../../src/work/pool.ts';
import { allOf, commitJson, documentOf, newId } from '../support/documents.ts';
import { newDatabase } from '../support/postgres-nodes.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { engines } from '../support/storages.ts';

const SECRET = 'S3cr3t-v4lu3';
const OLD = Keyring.of(['the-old-key']);
const BOTH = Keyring.of(['the-new-key', 'the-old-key']);
const NEW = Keyring.of(['the-new-key']);
const LOST = Keyring.of(['a-lost-key']);

/** Stores an integration with one record. @param keyring seals its credentials, unless they are stored in clear */
async function stored(store: Store, kind: RecordKind, fields: JsonObject, keyring?: Keyring): Promise<Stored> {
  const document = documentOf();
  const { _id: _integrationId, createdAt, lastModified } = document.integration;
  const record = { _id: newId(), createdAt, lastModified, _integrationId, name: 'n', ...fields } as Stored;
  const sealed = keyring ? sealSecrets(keyring, kind, record) : record;
  await commitJson(store, { ...document, [kind]: { [record._id]: sealed } });
  return record;
}

const ftp = { ftp: { password: SECRET } };

function rotationOf(store: Store, keyring: Keyring): BackgroundRotation {
  const work = new WorkPool({ keyring });
  onTestFinished(() => work.close());
  const rotation = new BackgroundRotation({ store, work, keyring, onError: (error) => expect.fail(String(error)) });
  onTestFinished(() => rotation.close());
  return rotation;
}

const recordIn = async (store: Store, kind: RecordKind, { _id, _integrationId }: Stored): Promise<Stored> =>
  JSON.parse(String((await store.get(String(_integrationId)))?.[kind].get(_id)?.text));

/** The new key alone opens it, and it is what was stored. */
async function expectReadable(store: Store, kind: RecordKind, record: Stored): Promise<void> {
  const found = await recordIn(store, kind, record);
  expect(JSON.stringify(found)).not.toContain(SECRET);
  expect(openSecrets(NEW, kind, found)?.record).toEqual(record);
}

describe.each(engines)('%s', (_name, open) => {
  test('re-seals what is in clear or sealed with an old key, however large; the rest stays as it is', async () => {
    const { documents: store } = await open();
    const stale: [RecordKind, Stored][] = [
      ['connections', await stored(store, 'connections', ftp, OLD)],
      ['connections', await stored(store, 'connections', { http: { auth: { token: { token: SECRET } } } })],
      ['connections', await stored(store, 'connections', { ...ftp, encrypted: { a: 1 } }, OLD)],
      ['connections', await stored(store, 'connections', { ...ftp, notes: 'größe '.repeat(20_000) }, OLD)],
      ['exports', await stored(store, 'exports', { webhook: { key: SECRET, token: SECRET } }, OLD)],
      ['exports', await stored(store, 'exports', { webhook: { token: SECRET }, rows: 'r'.repeat(600_000) })],
    ];
    const current: [RecordKind, Stored][] = [
      ['connections', await stored(store, 'connections', ftp, NEW)],
      ['connections', await stored(store, 'connections', { name: 'without' })],
      ['flows', await stored(store, 'flows', { password: SECRET })],
      ['imports', await stored(store, 'imports', ftp)],
    ];
    const before = await Promise.all(current.map(([, { _integrationId }]) => store.get(String(_integrationId))));
    const result = await rotationOf(store, BOTH).run();
    expect(result).toEqual({ unreadable: [], unwritten: [], resealed: stale.length });
    for (const [kind, record] of stale) await expectReadable(store, kind, record);
    expect(await Promise.all(current.map(([, { _integrationId }]) => store.get(String(_integrationId))))).toEqual(
      before,
    );
    const after = await allOf(store);
    expect(await rotationOf(store, BOTH).run()).toEqual({ unreadable: [], unwritten: [], resealed: 0 });
    expect(await allOf(store)).toEqual(after);
  });

  test('reports what no key opens, and leaves it', async () => {
    const { documents: store } = await open();
    const lost = await stored(store, 'connections', ftp, LOST);
    const tampered = await stored(store, 'connections', ftp, NEW);
    await UnitOfWork.change(store, String(tampered._integrationId), (unit) => {
      const sealed = unit.record('connections', tampered._id)?.value as unknown as typeof ftp;
      const password = sealed.ftp.password.replace(/.{4}$/, 'AAAA');
      unit.putRecord('connections', { ...tampered, ftp: { password } });
    });
    const fine = await stored(store, 'connections', ftp, OLD);
    const before = await allOf(store);
    const result = await rotationOf(store, BOTH).run();
    expect(result?.unreadable.toSorted()).toEqual([lost._id, tampered._id].toSorted());
    expect(result).toMatchObject({ unwritten: [], resealed: 1 });
    expect((await allOf(store)).slice(0, 2)).toEqual(before.slice(0, 2));
    await expectReadable(store, 'connections', fine);
  });

  test('changes made meanwhile are neither lost nor left with the old key', async () => {
    const { documents: store } = await open();
    const records = await Promise.all(Array.from({ length: 60 }, () => stored(store, 'connections', ftp, OLD)));
    const rotating = rotationOf(store, BOTH).run();
    let isDone = false;
    void rotating.finally(() => {
      isDone = true;
    });
    const names = new Map<string, string>();
    for (let n = 0; !isDone || n < records.length; n++) {
      await turn();
      const record = records[n % records.length] as Stored;
      const unit = await UnitOfWork.open(store, String(record._integrationId));
      // As a client that sends the mask back: the sealed value stays.
      const found = unit.record('connections', record._id)?.value as Stored;
      unit.putRecord('connections', { ...found, name: `name ${n}` });
      try {
        await unit.commit();
        names.set(record._id, `name ${n}`);
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    }
    expect(await rotating).toMatchObject({ unreadable: [], unwritten: [] });
    // Nearly all: a write in conflict is refused.
    expect(names.size).toBeGreaterThan(records.length / 2);
    for (const record of records)
      await expectReadable(store, 'connections', { ...record, name: names.get(record._id) ?? 'n' });
  });

  test('a rotation that was closed is finished by the next', async () => {
    const { documents: store } = await open();
    const records = await Promise.all(Array.from({ length: 100 }, () => stored(store, 'connections', ftp, OLD)));
    const first = rotationOf(store, BOTH);
    const result = first.run();
    store.subscribe(() => void first.close());
    expect(await result).toBeUndefined();
    await first.close();
    const next = await rotationOf(store, BOTH).run();
    expect(next?.resealed).toBeGreaterThan(0);
    expect(next?.resealed).toBeLessThan(records.length);
    for (const record of records) await expectReadable(store, 'connections', record);
  });
});

async function nodeOn(url: string, node: string): Promise<Storage> {
  const { storage } = await openPostgres(url, { node });
  onTestFinished(() => storage.close());
  return storage;
}

test('two nodes that look at the same time write each integration once', async () => {
  const url = await newDatabase();
  const [one, two] = [await nodeOn(url, 'one'), await nodeOn(url, 'two')];
  const records = await Promise.all(Array.from({ length: 100 }, () => stored(one.documents, 'connections', ftp, OLD)));
  const results = await Promise.all([one, two].map(({ documents }) => rotationOf(documents, BOTH).run()));
  expect(results.reduce((sum, result) => sum + (result?.resealed ?? 0), 0)).toBe(records.length);
  for (const record of records) {
    await expectReadable(two.documents, 'connections', record);
    const document = await one.documents.get(String(record._integrationId));
    // Written once to store it, and once to seal it again.
    expect(document?.connections.get(record._id)?.revision).toBe(1);
  }
});

test('a database that goes away does not end it', async () => {
  const database = await PostgresServer.start('fsync=off');
  onTestFinished(() => database.remove());
  const { documents: store } = await nodeOn(await database.createDatabase(), 'one');
  const records = await Promise.all(Array.from({ length: 100 }, () => stored(store, 'connections', ftp, OLD)));
  let isGone: Promise<void> | undefined;
  store.subscribe(() => {
    isGone ??= database.kill();
  });
  const rotating = rotationOf(store, BOTH).run();
  await vi.waitFor(() => expect(isGone).toBeDefined(), 10_000);
  await isGone;
  await expect(store.get(newId())).rejects.toBeInstanceOf(StoreError);
  await database.resume();
  expect(await rotating).toMatchObject({ unreadable: [], unwritten: [] });
  for (const record of records) await expectReadable(store, 'connections', record);
});
