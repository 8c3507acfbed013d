/** Runs work with the same key in sequence, with different keys concurrently. */
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

  /** Waits for all work queued so far. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
