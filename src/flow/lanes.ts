/**
 * Numbers the concurrent jobs of an integration. Successive jobs with the same number reuse the same isolates: most
 * flows are short, and a new isolate costs more than their pages.
 */
export class Lanes {
  readonly #taken = new Map<string, Set<number>>();

  /** The lowest free number, so that the warmest isolates are used again. */
  take(integrationId: string): number {
    const taken = this.#taken.get(integrationId) ?? new Set();
    this.#taken.set(integrationId, taken);
    let lane = 0;
    while (taken.has(lane)) lane++;
    taken.add(lane);
    return lane;
  }

  release(integrationId: string, lane: number): void {
    const taken = this.#taken.get(integrationId);
    taken?.delete(lane);
    if (taken?.size === 0) this.#taken.delete(integrationId);
  }
}
