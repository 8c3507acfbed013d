/** Locks of an engine that only one process uses. */
export class LocalLocks {
  readonly #ids = new Set<string>();

  /** @returns unlocks; undefined if it is locked already */
  lock(integrationId: string): (() => Promise<void>) | undefined {
    if (this.#ids.has(integrationId)) return undefined;
    this.#ids.add(integrationId);
    return async () => void this.#ids.delete(integrationId);
  }

  isLocked(integrationId: string): boolean {
    return this.#ids.has(integrationId);
  }
}
