/** Which connections did not answer when they were last asked. Known since the start of this process. */
import type { Document } from '../store/document.ts';

/** Connections come and go; of so many that did not answer, the first are forgotten. */
const OFFLINE_REMEMBERED = 10_000;

export class Reachability {
  readonly #offline = new Set<string>();

  record(connectionId: string, isReachable: boolean): void {
    this.#offline.delete(connectionId);
    if (isReachable) return;
    this.#offline.add(connectionId);
    const [first] = this.#offline;
    if (this.#offline.size > OFFLINE_REMEMBERED && first !== undefined) this.#offline.delete(first);
  }

  /** Of one integration's. */
  offlineIn({ connections }: Document): string[] {
    return this.#offline.size === 0 ? [] : [...connections.keys()].filter((id) => this.#offline.has(id));
  }
}
