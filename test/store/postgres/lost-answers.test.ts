/** A connection that breaks while a commit is on its way: the caller is told what has become of it. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { PostgresAuditStore } from '../../../src/store/postgres/audit-store.ts';
import { Database } from '../../../src/store/postgres/database.ts';
import { DocumentAudit } from '../../../src/store/postgres/document-audit.ts';
import { PostgresDocuments } from '../../../src/store/postgres/document-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { UnitOfWork } from '../../../src/store/unit-of-work.ts';
import { commitJson, documentOf, jsonOf, newId } from '../../support/documents.ts';
import { newDatabase } from '../../support/postgres-nodes.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const within = { timeout: 5_000, interval: 50 };

interface Nodes {
  readonly proxy: TcpProxy;
  /** Behind the proxy. */
  readonly store: Store;
  /** Without one. */
  readonly other: Store;
  /** How often a document was committed or removed here. */
  readonly changes: () => number;
}

async function storeOn(url: string): Promise<Store> {
  const database = await Database.open(url);
  onTestFinished(() => database.close());
  return new PostgresDocuments(database, newId(), new DocumentAudit(new PostgresAuditStore(database)));
}

async function nodes(): Promise<Nodes> {
  const url = await newDatabase();
  const proxy = await TcpProxy.to(url);
  const store = await storeOn(proxy.url);
  let changes = 0;
  store.subscribe(() => changes++);
  return { proxy, store, other: await storeOn(url), changes: () => changes };
}

/** The database stored `n: 1`, lost the answer, and is away. */
async function nodesWithLostCommit(): Promise<Nodes & { readonly id: string; readonly commit: Promise<void> }> {
  const all = await nodes();
  const document = documentOf();
  const id = document.integration._id;
  await commitJson(all.store, document);
  const broken = all.proxy.breakAt('update-1-none', { isHeard: true });
  const commit = UnitOfWork.change(all.store, id, put('n', 1));
  await broken;
  all.proxy.refuse();
  return { ...all, id, commit };
}

const put = (key: string, value: unknown) => (unit: UnitOfWork) =>
  unit.putState(key, Buffer.from(JSON.stringify(value)));
const stateOf = async (store: Store, id: string): Promise<unknown> => jsonOf(await store.get(id))?.state;

/** More parts than one statement writes. */
function putMany(unit: UnitOfWork): void {
  for (let n = 0; n < 20; n++) put(`key-${n}`, n)(unit);
}

/** By the text that the commit sends: what it does to a document, and what it is like afterwards. */
const commits: Readonly<Record<string, (store: Store, id: string) => Promise<unknown>>> = {
  'update-1-none': (store, id) => UnitOfWork.change(store, id, put('n', 1)),
  'insert-0-none': (store) => commitJson(store, documentOf({ _id: 'f'.repeat(24) })),
  COMMIT: (store, id) => UnitOfWork.change(store, id, putMany),
  remove: (store, id) => store.commit(id, () => undefined),
};

describe.each([
  ['its answer is lost', true],
  ['it is lost', false],
])('%s', (_, isHeard) => {
  test.each(Object.keys(commits))('%s: it is stored once, and the caller learns it', async (sent) => {
    const { proxy, store, other, changes } = await nodes();
    const document = documentOf();
    const id = document.integration._id;
    await commitJson(store, document);
    const broken = proxy.breakAt(sent, { isHeard });
    await commits[sent]?.(store, id);
    await broken;
    expect(changes()).toBe(2);
    for (const each of [id, 'f'.repeat(24)]) {
      expect(jsonOf(await store.get(each))).toEqual(jsonOf(await other.get(each)));
    }
    const expected: Record<string, unknown> = {
      'update-1-none': { n: 1 },
      'insert-0-none': {},
      COMMIT: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`key-${n}`, n])),
      remove: undefined,
    };
    expect(await stateOf(other, id)).toEqual(expected[sent]);
  });
});

test('changes that share a statement are all settled', async () => {
  const { proxy, store, other } = await nodes();
  const ids = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const document = documentOf();
      await commitJson(store, document);
      return document.integration._id;
    }),
  );
  const broken = proxy.breakAt('update-together', { isHeard: true });
  await Promise.all(ids.map((id, n) => UnitOfWork.change(store, id, put('n', n))));
  await broken;
  for (const [n, id] of ids.entries()) expect(await stateOf(other, id)).toEqual({ n });
});

test('if the database stays away, nobody claims to know, and the next read looks', async () => {
  const { proxy, store, other, id, commit } = await nodesWithLostCommit();
  await expect(commit).rejects.toMatchObject({ code: 'store_unavailable', isOutcomeUnknown: true });
  await expect(UnitOfWork.change(store, id, put('n', 2))).rejects.toMatchObject({ isOutcomeUnknown: false });
  proxy.restore();
  expect(await stateOf(store, id)).toEqual({ n: 1 });
  await UnitOfWork.change(store, id, put('n', 3));
  expect(await stateOf(other, id)).toEqual({ n: 3 });
});

test('another node has gone on from the commit whose answer was lost: nobody claims to know', async () => {
  const { proxy, store, other, id, commit } = await nodesWithLostCommit();
  await UnitOfWork.change(other, id, put('n', 2));
  proxy.restore();
  await expect(commit).rejects.toMatchObject({ isOutcomeUnknown: true });
  expect(await stateOf(store, id)).toEqual({ n: 2 });
});

test('a lock whose answer was lost, and one that could not be unlocked, end once the database is back', async () => {
  const { proxy, store, other } = await nodes();
  const document = documentOf();
  const id = document.integration._id;
  await commitJson(store, document);
  proxy.breakAt('lock-', { isHeard: true });
  await expect(store.lock(id)).rejects.toMatchObject({ code: 'store_unavailable' });
  const lockedBy = async (node: Store): Promise<() => Promise<void>> => {
    const unlock = await vi.waitFor(async () => {
      const found = await node.lock(id);
      expect(found).toBeDefined();
      return found;
    }, within);
    return unlock as () => Promise<void>;
  };
  const unlock = await lockedBy(store);
  proxy.refuse();
  await unlock();
  expect(await other.lock(id)).toBeUndefined();
  proxy.restore();
  await (await lockedBy(other))();
});
