/** Remembers which connections did not answer their last ping. In memory only. */
import type { Document } from '../store/document.ts';

/** Connections remembered as offline. Beyond that, the oldest are forgotten. */
const OFFLINE_MAX = 10_000;

export class Reachability {
  readonly #offline = new Set<string>();

  record(connectionId: string, isReachable: boolean): void {
    this.#offline.delete(connectionId);
    if (isReachable) return;
    this.#offline.add(connectionId);
    const [first] = this.#offline;
    if (this.#offline.size > OFFLINE_MAX && first !== undefined) this.#offline.delete(first);
  }

  offlineIn({ connections }: Document): string[] {
    return this.#offline.size === 0 ? [] : [...connections.keys()].filter((id) => this.#offline.has(id));
  }
}
