/** A store that forgets; for tests, and for embedders that keep their own. */
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
      const current = documents.get(integrationId);
      const next = change(current);
      if (next && sizeOf(next) > Math.max(DOCUMENT_BYTES, sizeOf(current))) throw tooLarge(integrationId);
      if (next) documents.set(integrationId, next);
      else documents.delete(integrationId);
      return next;
    },
    async close() {},
  };
}

const sizeOf = (document: Document | undefined): number =>
  document === undefined ? 0 : Buffer.byteLength(JSON.stringify(document));
