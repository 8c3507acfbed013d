/**
 * What runs have written and not committed lies in memory: how much of it there may be, all runs
 * together. Of the room that the others leave, nobody takes more than half.
 */
export class MemoryQuota {
  readonly #chars: number;
  #taken = 0;
  readonly #takenBy = new Map<string, number>();

  constructor(chars: number) {
    this.#chars = chars;
  }

  /** @returns false if there is no room, and then takes none */
  take(owner: string, chars: number): boolean {
    const own = this.#takenBy.get(owner) ?? 0;
    if (own + chars > (this.#chars - this.#taken + own) / 2) return false;
    this.#add(owner, own + chars, chars);
    return true;
  }

  giveBack(owner: string, chars: number): void {
    this.#add(owner, (this.#takenBy.get(owner) ?? 0) - chars, -chars);
  }

  #add(owner: string, own: number, chars: number): void {
    this.#taken += chars;
    if (own > 0) this.#takenBy.set(owner, own);
    else this.#takenBy.delete(owner);
  }
}
