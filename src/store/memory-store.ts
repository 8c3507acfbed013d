/** A store in memory, for tests. */
import { bytesOf, type Document, recordIdsOf } from './document.ts';
import { StoreListeners } from './listeners.ts';
import { LocalLocks } from './local-locks.ts';
import { oldestRecords, recordsOf } from './oldest-records.ts';
import { type Store, tooLarge, tooManyRecords } from './store.ts';
import { byAge, compareSortKeys, DOCUMENT_BYTES, RECORDS_MAX, sortKeyOf } from './stored.ts';

export function createMemoryStore(): Store {
  const documents = new Map<string, Document>();
  const listeners = new StoreListeners();
  const locks = new LocalLocks();
  const store: Store = {
    problems: [],
    async get(integrationId) {
      return documents.get(integrationId);
    },
    async *documents(after) {
      const sorted = [...documents.values()].sort((a, b) => byAge(a.integration.head, b.integration.head));
      for (const document of sorted) {
        if (after === undefined || compareSortKeys(sortKeyOf(document.integration.head), after) > 0) yield document;
      }
    },
    async *records(kind, query) {
      yield* await oldestRecords(recordsOf(store.documents(), kind), query);
    },
    async ownerOf(id) {
      const owns = (document: Document): boolean =>
        [document.integration.head._id, ...recordIdsOf(document)].includes(id);
      return [...documents.values()].find(owns)?.integration.head._id;
    },
    async commit(integrationId, change, author) {
      const before = documents.get(integrationId);
      const next = change(before);
      if (next === before) return before;
      const count = recordIdsOf(next).length;
      if (count > Math.max(RECORDS_MAX, recordIdsOf(before).length)) throw tooManyRecords(integrationId);
      if (next && bytesOf(next) > Math.max(DOCUMENT_BYTES, bytesOf(before))) throw tooLarge(integrationId);
      if (next) documents.set(integrationId, next);
      else documents.delete(integrationId);
      listeners.emit({ integrationId, before, after: next, author });
      return next;
    },
    lock: async (integrationId) => locks.lock(integrationId),
    isLocked: (integrationId) => locks.isLocked(integrationId),
    subscribe: (listener) => listeners.add(listener),
    async close() {},
  };
  return store;
}
