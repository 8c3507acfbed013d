/** Notifies listeners of a store's commits. */
import type { StoreChange } from './store.ts';

export type StoreListener = (change: StoreChange) => void;

export class StoreListeners {
  readonly #listeners = new Set<StoreListener>();

  /** @returns unsubscribes */
  add(listener: StoreListener): () => void {
    // A listener added twice is called twice, and each subscription ends separately.
    const own: StoreListener = (change) => listener(change);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  emit(change: StoreChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
