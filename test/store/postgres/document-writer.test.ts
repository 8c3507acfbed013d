/** Changes of several documents that come together share a statement, and nothing else. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { PostgresAuditStore } from '../../../src/store/postgres/audit-store.ts';
import { Database } from '../../../src/store/postgres/database.ts';
import { DocumentAudit } from '../../../src/store/postgres/document-audit.ts';
import { PostgresDocuments } from '../../../src/store/postgres/document-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { UnitOfWork } from '../../../src/store/unit-of-work.ts';
import { commitJson, documentOf, jsonOf, newId } from '../../support/documents.ts';
import { newDatabase } from '../../support/postgres-nodes.ts';

const COUNT = 40;

async function nodeOn(url: string): Promise<Store> {
  const database = await Database.open(url);
  onTestFinished(() => database.close());
  return new PostgresDocuments(database, newId(), new DocumentAudit(new PostgresAuditStore(database)));
}

async function documentsOn(store: Store): Promise<string[]> {
  const documents = Array.from({ length: COUNT }, () => documentOf());
  await Promise.all(documents.map((document) => commitJson(store, document)));
  return documents.map(({ integration }) => integration._id);
}

const put = (key: string, value: unknown) => (unit: UnitOfWork) =>
  unit.putState(key, Buffer.from(JSON.stringify(value)));
const stateOf = async (store: Store, id: string): Promise<unknown> => jsonOf(await store.get(id))?.state;

test('parts of all are written, replaced and removed, and nothing else', async () => {
  const url = await newDatabase();
  const [store, other] = await Promise.all([nodeOn(url), nodeOn(url)]);
  const ids = await documentsOn(store);
  const text = 'größe \ud800 \0 {"\\';
  await Promise.all(ids.map((id, n) => UnitOfWork.change(store, id, put('n', n))));
  await Promise.all(
    ids.map((id, n) =>
      UnitOfWork.change(store, id, (unit) => {
        put('text', text)(unit);
        if (n % 3 === 0) unit.removeState('n');
        if (n % 3 === 1) put('n', -n)(unit);
      }),
    ),
  );
  for (const [n, id] of ids.entries()) {
    const expected = n % 3 === 0 ? { text } : { text, n: n % 3 === 1 ? -n : n };
    expect(await stateOf(other, id)).toEqual(expected);
  }
});

test('two nodes that change the same documents at once lose nothing', async () => {
  const url = await newDatabase();
  const nodes = await Promise.all([nodeOn(url), nodeOn(url)]);
  const ids = await documentsOn(nodes[0]);
  const increment = (unit: UnitOfWork): void => {
    put('n', Number(unit.state.get('n')?.value ?? 0) + 1)(unit);
  };
  // Each begins with other documents, so that their statements would wait for each other.
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      [ids, ids.toReversed()].flatMap((each, n) =>
        each.map((id) => UnitOfWork.change(nodes[n] as Store, id, increment)),
      ),
    );
  }
  for (const id of ids) expect(await stateOf(nodes[0], id)).toEqual({ n: 10 });
});

test('a document that another transaction holds does not hold up the others, and is written after it', async () => {
  const url = await newDatabase();
  const store = await nodeOn(url);
  const ids = await documentsOn(store);
  const [blocked, ...others] = ids as [string, ...string[]];
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM bulkhead.integrations WHERE integration = $1 FOR UPDATE', [blocked]);
  const ended: string[] = [];
  const changes = ids.map((id) => UnitOfWork.change(store, id, put('n', 1)).then(() => ended.push(id)));
  await Promise.all(changes.slice(1));
  expect(ended.toSorted()).toEqual(others.toSorted());
  await client.query('COMMIT');
  await changes[0];
  expect(await stateOf(store, blocked)).toEqual({ n: 1 });
});

test('a change that the database refuses harms no other', async () => {
  const url = await newDatabase();
  const store = await nodeOn(url);
  const ids = await documentsOn(store);
  // Too long for an index of PostgreSQL, and not to be compressed.
  const long = randomBytes(10_000).toString('base64url');
  const keyOf = (n: number): string => (n === 3 ? long : 'ab');
  const results = await Promise.allSettled(ids.map((id, n) => UnitOfWork.change(store, id, put(keyOf(n), n))));
  const refused = results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
  expect(refused).toEqual([3]);
  for (const [n, id] of ids.entries()) expect(await stateOf(store, id)).toEqual(n === 3 ? {} : { ab: n });
});
