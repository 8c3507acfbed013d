/** Which connections are offline: those whose provider has refused them, and those that did not answer their last ping. */
import type { Document } from '../store/document.ts';
import type { Part } from '../store/part.ts';

/** Connections remembered as offline. Beyond that, the oldest are forgotten. */
const OFFLINE_MAX = 10_000;

export class Reachability {
  /** By their last ping. In memory only. */
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
