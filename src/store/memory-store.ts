/** A store that forgets; for tests, and for embedders that keep their own. */
import { StoreFollowers } from './followers.ts';
import {
  byAge,
  comparePlaces,
  DOCUMENT_BYTES,
  type Document,
  placeOf,
  recordIdsOf,
  type Store,
  tooLarge,
} from './store.ts';

export function createMemoryStore(): Store {
  const documents = new Map<string, Document>();
  const followers = new StoreFollowers();
  return {
    problems: [],
    async get(integrationId) {
      return documents.get(integrationId);
    },
    async *documents(after) {
      const sorted = [...documents.values()].sort((a, b) => byAge(a.integration, b.integration));
      for (const document of sorted) {
        if (after === undefined || comparePlaces(placeOf(document.integration), after) > 0) yield document;
      }
    },
    async ownerOf(id) {
      const owns = (document: Document): boolean => [document.integration._id, ...recordIdsOf(document)].includes(id);
      return [...documents.values()].find(owns)?.integration._id;
    },
    async commit(integrationId, change) {
      const before = documents.get(integrationId);
      const next = change(before);
      if (next === before) return before;
      if (next && sizeOf(next) > Math.max(DOCUMENT_BYTES, sizeOf(before))) throw tooLarge(integrationId);
      if (next) documents.set(integrationId, next);
      else documents.delete(integrationId);
      followers.tell({ integrationId, before, after: next });
      return next;
    },
    follow: (listener) => followers.add(listener),
    async close() {},
  };
}

const sizeOf = (document: Document | undefined): number =>
  document === undefined ? 0 : Buffer.byteLength(JSON.stringify(document));
