/** Storage in memory, for tests. Everything except documents and bundles is in an in-memory SQLite database. */
import { entryMaker } from './audit.ts';
import { auditCommits } from './audit-commits.ts';
import { createMemoryStore } from './memory-store.ts';
import { Database } from './sqlite/database.ts';
import { sqliteStores } from './sqlite/stores.ts';
import { type BundleStore, noSuchBundle, type Storage } from './storage.ts';

export function createMemoryStorage(now: () => number = Date.now): Storage {
  const documents = createMemoryStore();
  const stores = sqliteStores(Database.inMemory(), now);
  documents.subscribe(auditCommits(stores.audit, entryMaker(now), () => {}));
  return {
    ...stores,
    documents,
    bundles: memoryBundles(),
    problems: [],
    async close() {
      await stores.close();
      await documents.close();
    },
  };
}

function memoryBundles(): BundleStore {
  const tarballs = new Map<string, { connectorId: string; digest: string; tarball: Buffer }>();
  const keyOf = (connectorId: string, digest: string): string => `${connectorId} ${digest}`;
  return {
    list: async () => [...tarballs.values()].reverse().map(({ connectorId, digest }) => ({ connectorId, digest })),
    async read(connectorId, digest) {
      const found = tarballs.get(keyOf(connectorId, digest));
      if (!found) throw noSuchBundle();
      return found.tarball;
    },
    async write(connectorId, digest, tarball) {
      tarballs.set(keyOf(connectorId, digest), { connectorId, digest, tarball });
    },
    async remove(connectorId, digest) {
      tarballs.delete(keyOf(connectorId, digest));
    },
  };
}
