/** A store that forgets; for tests, and for embedders that keep their own. */
import { byAge, type Document, recordIdsOf, type Store } from './store.ts';

export function createMemoryStore(): Store {
  const documents = new Map<string, Document>();
  return {
    problems: [],
    async get(integrationId) {
      return documents.get(integrationId);
    },
    async list() {
      return [...documents.values()].map(({ integration }) => integration).sort(byAge);
    },
    async documents() {
      return [...documents.values()];
    },
    async ownerOf(recordId) {
      return [...documents.values()].find((document) => recordIdsOf(document).includes(recordId))?.integration._id;
    },
    async commit(integrationId, change) {
      const next = change(documents.get(integrationId));
      if (next) documents.set(integrationId, next);
      else documents.delete(integrationId);
      return next;
    },
    async close() {},
  };
}
