/** What V8 made of texts that were compiled, so that the next isolate need not compile them again. */

export type CacheOptions<Cached> = { readonly cachedData: Cached } | { readonly produceCachedData: true };

export class CodeCaches<Cached> {
  readonly #caches = new Map<string, Cached>();
  readonly #count: number;

  /** @param count how many are kept; the oldest goes first */
  constructor(count: number) {
    this.#count = count;
  }

  /** @param name of the text: same name, same text */
  compile<T extends object>(name: string, compile: (options: CacheOptions<Cached>) => T): T {
    const cachedData = this.#caches.get(name);
    if (cachedData) return compile({ cachedData });
    const compiled: T & { readonly cachedData?: Cached } = compile({ produceCachedData: true });
    if (compiled.cachedData) this.#remember(name, compiled.cachedData);
    return compiled;
  }

  #remember(name: string, made: Cached): void {
    if (this.#caches.size >= this.#count) this.#caches.delete(this.#caches.keys().next().value as string);
    this.#caches.set(name, made);
  }
}
