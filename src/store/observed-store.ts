/** Wraps a store to report the result and duration of each commit. */
import { type Store, StoreError } from './store.ts';
import { ConflictError } from './unit-of-work.ts';

/** `refused`: the change function threw, so nothing was written. */
export type CommitResult = 'committed' | 'conflict' | 'refused' | 'failed';

export function observedStore(store: Store, onCommit: (result: CommitResult, ms: number) => void): Store {
  return {
    get: (id) => store.get(id),
    documents: (after, count) => store.documents(after, count),
    records: (kind, query) => store.records(kind, query),
    ownerOf: (id) => store.ownerOf(id),
    lock: (id) => store.lock(id),
    isLocked: (id) => store.isLocked(id),
    subscribe: (listener) => store.subscribe(listener),
    get problems() {
      return store.problems;
    },
    close: () => store.close(),
    async commit(id, change, author) {
      const startedAt = performance.now();
      let result: CommitResult = 'committed';
      try {
        return await store.commit(id, change, author);
      } catch (error) {
        result = error instanceof ConflictError ? 'conflict' : error instanceof StoreError ? 'failed' : 'refused';
        throw error;
      } finally {
        onCommit(result, performance.now() - startedAt);
      }
    },
  };
}
