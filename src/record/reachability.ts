/** Which connections did not answer when they were last asked. Known since the start of this process. */
import type { Document } from '../store/document.ts';

/** Connections come and go; of so many that did not answer, the first are forgotten. */
const KEPT = 10_000;

export class Reachability {
  readonly #offline = new Set<string>();

  note(connectionId: string, isReachable: boolean): void {
    this.#offline.delete(connectionId);
    if (isReachable) return;
    this.#offline.add(connectionId);
    const [first] = this.#offline;
    if (this.#offline.size > KEPT && first !== undefined) this.#offline.delete(first);
  }

  /** Of one integration's. */
  of({ connections }: Document): string[] {
    return this.#offline.size === 0 ? [] : [...connections.keys()].filter((id) => this.#offline.has(id));
  }
}
