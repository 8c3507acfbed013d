/** The contract of the document store, run on every implementation. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { openLowdbStore } from '../../src/store/lowdb-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { objectIds } from '../../src/store/object-id.ts';
import { Part } from '../../src/store/part.ts';
import type { Document, RecordQuery, Store, StoreChange } from '../../src/store/store.ts';
import { byAge, type DocumentJson, type Stored, sortKeyOf } from '../../src/store/stored.ts';
import { ConflictError, UnitOfWork } from '../../src/store/unit-of-work.ts';
import { allOf, commitJson, documentOf, jsonOf, newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { postgresStorage } from '../support/storages.ts';

async function lowdb(): Promise<Store> {
  const store = await openLowdbStore(await temporaryFolder());
  onTestFinished(() => store.close());
  return store;
}

const implementations: [string, () => Promise<Store>][] = [
  ['memory', async () => createMemoryStore()],
  ['lowdb', lowdb],
  ['PostgreSQL', async () => (await postgresStorage()).documents],
];

describe.each(implementations)('%s store', (_name, open) => {
  test('an unknown id has no document', async () => {
    expect(await (await open()).get(newId())).toBeUndefined();
  });

  test('a committed document can be read, and committing undefined removes it', async () => {
    const store = await open();
    const document = documentOf();
    const { _id } = document.integration;
    expect(await commitJson(store, document)).toEqual(document);
    expect(jsonOf(await store.get(_id))).toEqual(document);
    await store.commit(_id, () => undefined);
    expect(await store.get(_id)).toBeUndefined();
    expect(await allOf(store)).toEqual([]);
  });

  test('the list is oldest first', async () => {
    const store = await open();
    const documents = [
      documentOf({ createdAt: '2026-01-01T00:00:00.000Z' }),
      documentOf({ createdAt: '2025-01-01T00:00:00.000Z' }),
      documentOf({ createdAt: '2026-01-01T00:00:00.000Z' }),
    ] as const;
    for (const document of documents) await commitJson(store, document);
    const [first, second, third] = documents;
    const ids = [second, first, third].map(({ integration }) => integration._id);
    expect((await allOf(store)).map(({ integration }) => integration._id)).toEqual(ids);
  });

  test('the list starts after a sort key, even of a removed document, and shows concurrent changes', async () => {
    const store = await open();
    const documents = ['1', '2', '3', '4'].map((day) => documentOf({ createdAt: `2026-01-0${day}T00:00:00.000Z` }));
    for (const document of documents) await commitJson(store, document);
    const [first, second, third, fourth] = documents as [DocumentJson, DocumentJson, DocumentJson, DocumentJson];
    const thoseAfter = async (document: DocumentJson): Promise<DocumentJson[]> => {
      const found: DocumentJson[] = [];
      for await (const each of store.documents(sortKeyOf(document.integration))) found.push(jsonOf(each));
      return found;
    };
    expect(await thoseAfter(second)).toEqual([third, fourth]);
    await store.commit(second.integration._id, () => undefined);
    expect(await thoseAfter(second)).toEqual([third, fourth]);
    expect(await thoseAfter(first)).toEqual([third, fourth]);
    expect(await thoseAfter(fourth)).toEqual([]);
    await commitJson(store, second);
    expect(await allOf(store)).toEqual(documents);
  });

  test('records and integrations have owners as long as they exist', async () => {
    const store = await open();
    const document = documentOf();
    const { _id } = document.integration;
    const record = documentOf().integration;
    const withRecord = { ...document, exports: { [record._id]: record } };
    await commitJson(store, withRecord);
    expect([await store.ownerOf(_id), await store.ownerOf(record._id)]).toEqual([_id, _id]);
    await commitJson(store, document);
    expect([await store.ownerOf(_id), await store.ownerOf(record._id)]).toEqual([_id, undefined]);
    await store.commit(_id, () => undefined);
    expect(await store.ownerOf(_id)).toBeUndefined();
  });

  test('records of all integrations are found oldest first, after a sort key, by their heads', async () => {
    const store = await open();
    const made: Stored[] = [];
    for (const year of [2027, 2024, 2026]) {
      const document = documentOf();
      const records = ['01', '02'].map((month) => {
        const createdAt = `${year}-${month}-01T00:00:00.000Z`;
        return { ...documentOf().integration, createdAt, type: month, text: 'größe \ud800 \0'.repeat(2_000) };
      });
      made.push(...records);
      await commitJson(store, { ...document, imports: Object.fromEntries(records.map((each) => [each._id, each])) });
    }
    const sorted = made.sort(byAge);
    const found = async (query: Partial<RecordQuery>): Promise<unknown[]> => {
      const records: unknown[] = [];
      for await (const { value } of store.records('imports', {
        after: undefined,
        limit: 10,
        matches: () => true,
        ...query,
      }))
        records.push(value);
      return records;
    };
    expect(await found({})).toEqual(sorted);
    expect(await found({ limit: 2 })).toEqual(sorted.slice(0, 2));
    expect(await found({ after: sortKeyOf(sorted[2] as Stored) })).toEqual(sorted.slice(3));
    expect(await found({ matches: ({ type }) => type === '02', limit: 2 })).toEqual([sorted[1], sorted[3]]);
    const exports: unknown[] = [];
    for await (const each of store.records('exports', { after: undefined, limit: 1, matches: () => true }))
      exports.push(each);
    expect(exports).toEqual([]);
  });

  test('a change that throws changes nothing', async () => {
    const store = await open();
    const document = documentOf();
    const { _id } = document.integration;
    await commitJson(store, document);
    const failing = store.commit(_id, () => {
      throw new RangeError('no');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(jsonOf(await store.get(_id))).toEqual(document);
  });

  test('commits on one integration run in sequence', async () => {
    const store = await open();
    const document = documentOf({ name: '' });
    const { _id } = document.integration;
    await commitJson(store, document);
    const add = (letter: string): Promise<unknown> =>
      store.commit(_id, (current) => {
        if (!current) throw new Error('gone');
        const { head } = current.integration;
        return { ...current, integration: Part.ofRecord({ ...head, name: String(head.name) + letter }) };
      });
    await Promise.all([...'abcdefgh'].map(add));
    expect((await store.get(_id))?.integration.head.name).toBe('abcdefgh');
  });

  test('a listener is called for each commit that changed something, once it is visible, until it unsubscribes', async () => {
    const store = await open();
    const document = documentOf();
    const { _id } = document.integration;
    const renamed = { ...document, integration: { ...document.integration, name: 'two' } };
    const told: StoreChange[] = [];
    const seen: Promise<Document | undefined>[] = [];
    const end = store.subscribe((change) => {
      told.push(change);
      seen.push(store.get(_id));
    });
    await commitJson(store, document);
    await store.commit(_id, (current) => current);
    await store
      .commit(_id, () => {
        throw new RangeError('no');
      })
      .catch(() => {});
    await Promise.all([commitJson(store, renamed), store.commit(_id, () => undefined)]);
    await store.commit(_id, () => undefined);
    const asJson = told.map(({ before, after, ...rest }) => ({
      ...rest,
      before: jsonOf(before),
      after: jsonOf(after),
    }));
    expect(asJson).toEqual([
      { integrationId: _id, before: undefined, after: document },
      { integrationId: _id, before: document, after: renamed },
      { integrationId: _id, before: renamed, after: undefined },
    ]);
    expect(jsonOf((await Promise.all(seen))[0])).toEqual(document);
    end();
    await commitJson(store, document);
    expect(told).toHaveLength(3);
  });

  describe('unit of work', () => {
    async function openUnit(store: Store): Promise<{ unit: UnitOfWork; _id: string }> {
      const { integration } = documentOf();
      const unit = await UnitOfWork.open(store, integration._id);
      unit.putIntegration(integration);
      return { unit, _id: integration._id };
    }

    test('shows its changes to itself at once and to others after its commit', async () => {
      const store = await open();
      const { unit, _id } = await openUnit(store);
      expect(unit.integration?.name).toBe('one');
      expect(await store.get(_id)).toBeUndefined();
      await unit.commit();
      expect((await store.get(_id))?.integration.head.name).toBe('one');
      expect(unit.revisionOf(_id)).toBe(1);
    });

    test('writes nothing if it changed nothing', async () => {
      const store = await open();
      const unit = await UnitOfWork.open(store, newId());
      expect(unit.hasChanges).toBe(false);
      await unit.commit();
      expect(await allOf(store)).toEqual([]);
    });

    test('conflicts if another unit changed the same record', async () => {
      const store = await open();
      const { unit, _id } = await openUnit(store);
      await unit.commit();
      const [first, second] = [await UnitOfWork.open(store, _id), await UnitOfWork.open(store, _id)];
      for (const each of [first, second]) {
        if (each.integration) each.putIntegration({ ...each.integration, name: 'changed' });
      }
      await first.commit();
      await expect(second.commit()).rejects.toThrow(ConflictError);
      expect((await store.get(_id))?.integration.revision).toBe(2);
    });

    test('conflicts if the integration was removed; a removal conflicts if it was changed', async () => {
      const store = await open();
      const { unit, _id } = await openUnit(store);
      await unit.commit();
      const [writer, remover] = [await UnitOfWork.open(store, _id), await UnitOfWork.open(store, _id)];
      if (writer.integration) writer.putIntegration({ ...writer.integration, name: 'changed' });
      remover.removeAll();
      await writer.commit();
      await expect(remover.commit()).rejects.toThrow(ConflictError);
      const again = await UnitOfWork.open(store, _id);
      const late = await UnitOfWork.open(store, _id);
      again.removeAll();
      await again.commit();
      if (late.integration) late.putIntegration({ ...late.integration, name: 'late' });
      await expect(late.commit()).rejects.toThrow(ConflictError);
      expect(await store.get(_id)).toBeUndefined();
    });
  });
});

test('ids of one generator are ObjectIds that sort by age, even if the clock is set back', () => {
  let now = Date.parse('2026-01-01');
  const ids = objectIds(() => now);
  const made = Array.from({ length: 1000 }, (_, index) => {
    if (index === 500) now -= 3_600_000;
    return ids();
  });
  expect(new Set(made).size).toBe(1000);
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{24}$/);
  expect(made.map((id) => id.slice(0, 8)).toSorted()).toEqual(made.map((id) => id.slice(0, 8)));
});
