/** Runs work of the same key one after the other, and of different keys side by side. */
export class KeyedQueue {
  /** The last work of each key. */
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const last = this.#last.get(key);
    const result = last ? last.then(work, work) : work();
    this.#last.set(key, result);
    const clear = (): void => {
      if (this.#last.get(key) === result) this.#last.delete(key);
    };
    result.then(clear, clear);
    return result;
  }

  /** Waits for all work that has been given so far. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
