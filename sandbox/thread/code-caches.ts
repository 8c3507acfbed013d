/** V8's code caches, so that the next isolate need not compile the same text again. */

export type CacheOptions<Cached> = { readonly cachedData: Cached } | { readonly produceCachedData: true };

export class CodeCaches<Cached> {
  readonly #caches = new Map<string, Cached>();
  readonly #maxCount: number;

  /** @param maxCount when more are stored, the oldest goes first */
  constructor(maxCount: number) {
    this.#maxCount = maxCount;
  }

  /** @param name same name, same text */
  compile<T extends object>(name: string, compile: (options: CacheOptions<Cached>) => T): T {
    const cachedData = this.#caches.get(name);
    if (cachedData) return compile({ cachedData });
    const compiled: T & { readonly cachedData?: Cached } = compile({ produceCachedData: true });
    if (compiled.cachedData) this.#remember(name, compiled.cachedData);
    return compiled;
  }

  #remember(name: string, cache: Cached): void {
    if (this.#caches.size >= this.#maxCount) this.#caches.delete(this.#caches.keys().next().value as string);
    this.#caches.set(name, cache);
  }
}
