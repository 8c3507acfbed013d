/** Which connections did not answer when they were last asked. Known since the start of this process. */
import type { Document } from '../store/store.ts';

export class Reachability {
  readonly #offline = new Set<string>();

  note(connectionId: string, isReachable: boolean): void {
    if (isReachable) this.#offline.delete(connectionId);
    else this.#offline.add(connectionId);
  }

  /** Of one integration's. */
  of({ connections }: Document): string[] {
    return Object.keys(connections).filter((id) => this.#offline.has(id));
  }
}
