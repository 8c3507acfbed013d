/** What documents in PostgreSQL promise beyond the store's contract: several nodes, and a database that goes away. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { PostgresAuditStore } from '../../../src/store/postgres/audit-store.ts';
import { Database } from '../../../src/store/postgres/database.ts';
import { DocumentAudit } from '../../../src/store/postgres/document-audit.ts';
import { PostgresDocuments } from '../../../src/store/postgres/document-store.ts';
import type { Document, Store, StoreChange } from '../../../src/store/store.ts';
import type { DocumentJson } from '../../../src/store/stored.ts';
import { ConflictError, UnitOfWork } from '../../../src/store/unit-of-work.ts';
import { allOf, commitJson, documentOf, jsonOf, newId } from '../../support/documents.ts';
import { newDatabase } from '../../support/postgres-nodes.ts';
import { PostgresServer } from '../../support/postgres-server.ts';

async function nodeOn(url: string): Promise<Store> {
  const database = await Database.open(url);
  onTestFinished(() => database.close());
  return new PostgresDocuments(database, newId(), new DocumentAudit(new PostgresAuditStore(database)));
}

async function twoNodes(): Promise<[Store, Store]> {
  const url = await newDatabase();
  return Promise.all([nodeOn(url), nodeOn(url)]);
}

const stateOf = (document: Document | undefined): object | undefined => jsonOf(document)?.state;
const put = (key: string, value: number) => (unit: UnitOfWork) => unit.putState(key, Buffer.from(String(value)));

describe('several nodes', () => {
  test('nodes that start together on an empty database make its schema once', async () => {
    const url = await newDatabase();
    const nodes = await Promise.all(Array.from({ length: 5 }, () => nodeOn(url)));
    const document = documentOf();
    await commitJson(nodes[0] as Store, document);
    for (const node of nodes) expect(jsonOf(await node.get(document.integration._id))).toEqual(document);
  });

  test('a read sees what another node has acknowledged before, also when it has the document in memory', async () => {
    const [one, two] = await twoNodes();
    const { integration } = documentOf();
    await commitJson(one, documentOf({ _id: integration._id }));
    for (let i = 0; i < 20; i++) {
      const [writer, reader] = i % 2 === 0 ? [one, two] : [two, one];
      await UnitOfWork.change(writer, integration._id, put('n', i));
      expect(stateOf(await reader.get(integration._id))).toEqual({ n: i });
    }
    await one.commit(integration._id, () => undefined);
    expect(await two.get(integration._id)).toBeUndefined();
    await commitJson(two, documentOf({ _id: integration._id, name: 'again' }));
    expect(jsonOf(await one.get(integration._id))?.integration.name).toBe('again');
  });

  test('changes of both nodes to one document are all there', async () => {
    const nodes = await twoNodes();
    const { _id } = documentOf().integration;
    await commitJson(nodes[0], documentOf({ _id }));
    const increment = (unit: UnitOfWork): void => {
      const value = Number(unit.state.get('n')?.value ?? 0);
      unit.putState('n', Buffer.from(String(value + 1)));
    };
    await Promise.all(Array.from({ length: 60 }, (_, i) => UnitOfWork.change(nodes[i % 2] as Store, _id, increment)));
    for (const node of nodes) expect(stateOf(await node.get(_id))).toEqual({ n: 60 });
  });

  test('of two units of work that wrote the same key on different nodes, the later is a conflict', async () => {
    const [one, two] = await twoNodes();
    const { _id } = documentOf().integration;
    await commitJson(one, documentOf({ _id }));
    const [first, second, other] = [
      await UnitOfWork.open(one, _id),
      await UnitOfWork.open(two, _id),
      await UnitOfWork.open(two, _id),
    ] as const;
    put('k', 1)(first);
    put('k', 2)(second);
    put('other', 3)(other);
    await first.commit();
    await expect(second.commit()).rejects.toBeInstanceOf(ConflictError);
    await other.commit();
    expect(stateOf(await one.get(_id))).toEqual({ k: 1, other: 3 });
  });

  test('a document that both nodes make at once is made by one of them', async () => {
    const [one, two] = await twoNodes();
    const { _id } = documentOf().integration;
    const made: StoreChange[] = [];
    for (const node of [one, two]) node.subscribe((change) => made.push(change));
    const create = (node: Store, name: string) =>
      UnitOfWork.change(node, _id, (unit) => {
        if (unit.integration) throw new Error('there is one');
        const now = new Date().toISOString();
        unit.putIntegration({ _id, createdAt: now, lastModified: now, name });
      });
    const results = await Promise.allSettled([create(one, 'one'), create(two, 'two')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(made).toHaveLength(1);
  });
});

describe('large documents', () => {
  test('a small change to a document of thousands of records writes and reads little', async () => {
    const url = await newDatabase();
    const [writer, reader] = await Promise.all([nodeOn(url), nodeOn(url)]);
    const now = new Date().toISOString();
    const json = documentOf();
    const _id = json.integration._id;
    const flows = Object.fromEntries(
      Array.from({ length: 5_000 }, () => {
        const id = newId();
        return [id, { _id: id, createdAt: now, lastModified: now, name: 'größe \ud800 \0', text: 'x'.repeat(1_000) }];
      }),
    );
    const document = {
      ...json,
      flows,
      revisions: { [_id]: 1, ...Object.fromEntries(Object.keys(flows).map((id) => [id, 1])) },
    };
    expect(await commitJson(writer, document)).toEqual(document);
    expect(jsonOf(await reader.get(_id))).toEqual(document);
    const before = await reader.get(_id);
    await UnitOfWork.change(writer, _id, put('n', 1));
    const after = await reader.get(_id);
    expect(stateOf(after)).toEqual({ n: 1 });
    // Parts that did not change are the same objects: they were not sent again.
    const [first] = Object.keys(flows) as [string];
    expect(after?.flows.get(first)).toBe(before?.flows.get(first));
    expect(after?.flows.size).toBe(5_000);
  });
});

describe('a database that goes away', () => {
  test('refuses reads and writes while it is gone, and serves again without a restart', async () => {
    const server = await PostgresServer.start('fsync=off');
    onTestFinished(() => server.remove());
    const url = await server.createDatabase();
    const store = await nodeOn(url);
    const document = documentOf();
    const { _id } = document.integration;
    await commitJson(store, document);
    await server.kill();
    await expect(store.get(_id)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(UnitOfWork.change(store, _id, put('n', 1))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(store.problems).toHaveLength(1);
    await server.resume();
    expect(jsonOf(await store.get(_id))).toEqual(document);
    await UnitOfWork.change(store, _id, put('n', 2));
    expect(stateOf(await store.get(_id))).toEqual({ n: 2 });
    expect(store.problems).toEqual([]);
  });
});

test('lists longer than a page, of the same moment: each document and record once, in order', async () => {
  const documents = await nodeOn(await newDatabase());
  const createdAt = '2026-01-02T03:04:05.678Z';
  const made = Array.from({ length: 450 }, () => {
    const json = documentOf();
    return { ...json, integration: { ...json.integration, createdAt } };
  });
  await Promise.all(made.map((json) => commitJson(documents, json)));
  expect((await allOf(documents)).map(({ integration }) => integration._id)).toEqual(
    made.map(({ integration }) => integration._id).sort(),
  );
  const [{ integration, ...rest }] = made as [DocumentJson, ...DocumentJson[]];
  const { lastModified, _id: _integrationId } = integration;
  const ids = Array.from({ length: 2_300 }, () => newId());
  const flows = Object.fromEntries(
    ids.map((_id) => [_id, { _id, createdAt, lastModified, _integrationId, name: 'n' }]),
  );
  await commitJson(documents, { ...rest, integration, flows });
  const found: string[] = [];
  const query = { after: undefined, limit: ids.length, matches: () => true };
  for await (const { head } of documents.records('flows', query)) found.push(head._id);
  expect(found).toEqual(ids.toSorted());
});
