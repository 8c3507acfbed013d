/** Who is told of what a store has committed. */
import type { StoreChange } from './store.ts';

export type StoreListener = (change: StoreChange) => void;

export class StoreListeners {
  readonly #listeners = new Set<StoreListener>();

  /** @returns what ends it */
  add(listener: StoreListener): () => void {
    // One that is given twice is told twice, and each ends by itself.
    const own: StoreListener = (change) => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  emit(change: StoreChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
