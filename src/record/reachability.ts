/** Which connections are offline: their OAuth provider refused them, or their last ping failed. */
import type { Document } from '../store/document.ts';
import type { Part } from '../store/part.ts';

/** Connections remembered as offline. Beyond that, the oldest are forgotten. */
const OFFLINE_MAX = 10_000;

export class Reachability {
  /** Connections whose last ping failed. In memory only. */
  readonly #offline = new Set<string>();

  record(connectionId: string, isReachable: boolean): void {
    this.#offline.delete(connectionId);
    if (isReachable) return;
    this.#offline.add(connectionId);
    const [first] = this.#offline;
    if (this.#offline.size > OFFLINE_MAX && first !== undefined) this.#offline.delete(first);
  }

  offlineIn({ connections }: Document): string[] {
    const isOffline = ([id, { head }]: [string, Part]): boolean => head.offline === true || this.#offline.has(id);
    return [...connections].filter(isOffline).map(([id]) => id);
  }
}
