/**
 * How many of something may be open at once, and who waits. Of the room that the others leave, nobody takes
 * more than half: whatever one owner holds open, the next one finds a place.
 */
export class FairSemaphore {
  readonly #places: number;
  #taken = 0;
  readonly #takenBy = new Map<string, number>();
  /** Of owners that wait; the owner whose turn is next comes first. */
  readonly #lines = new Map<string, Set<() => void>>();

  constructor(places: number) {
    this.#places = places;
  }

  /**
   * Resolves when there is a place, to the function that gives it back. Rejects with the signal's reason.
   */
  async enter(owner: string, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#lines.has(owner) || !this.#hasPlace(owner)) await this.#wait(owner, signal);
    else this.#take(owner);
    let isOpen = true;
    return () => {
      if (isOpen) this.#giveBack(owner);
      isOpen = false;
    };
  }

  #hasPlace(owner: string): boolean {
    const own = this.#takenBy.get(owner) ?? 0;
    const half = Math.floor((this.#places - this.#taken + own) / 2);
    return this.#taken < this.#places && own < Math.max(1, half);
  }

  #take(owner: string): void {
    this.#taken++;
    this.#takenBy.set(owner, (this.#takenBy.get(owner) ?? 0) + 1);
  }

  #giveBack(owner: string): void {
    this.#taken--;
    const own = (this.#takenBy.get(owner) ?? 0) - 1;
    if (own > 0) this.#takenBy.set(owner, own);
    else this.#takenBy.delete(owner);
    this.#letIn();
  }

  #wait(owner: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(owner) ?? new Set();
      const leaveLine = (): void => {
        signal?.removeEventListener('abort', giveUp);
        line.delete(goIn);
        if (line.size === 0) this.#lines.delete(owner);
      };
      // The place is taken here and not by who waits, who comes to it a moment later.
      const goIn = (): void => {
        leaveLine();
        this.#take(owner);
        resolve();
      };
      const giveUp = (): void => {
        leaveLine();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#lines.set(owner, line.add(goIn));
    });
  }

  /** One of each owner in turn, as long as there are places. */
  #letIn(): void {
    for (const [owner, line] of this.#lines) {
      const [goIn] = line;
      if (!goIn || !this.#hasPlace(owner)) continue;
      goIn();
      // Behind the others, where this loop comes to it again.
      if (this.#lines.delete(owner)) this.#lines.set(owner, line);
    }
  }
}
