/**
 * What runs have written and not committed lies in memory: how much of it there may be, all runs
 * together. Of the room that the others leave, nobody takes more than half.
 */
export class MemoryQuota {
  readonly #chars: number;
  #reserved = 0;
  readonly #reservedBy = new Map<string, number>();

  constructor(chars: number) {
    this.#chars = chars;
  }

  /** @returns false if there is no room, and then takes none */
  reserve(owner: string, chars: number): boolean {
    const own = this.#reservedBy.get(owner) ?? 0;
    if (own + chars > (this.#chars - this.#reserved + own) / 2) return false;
    this.#set(owner, own + chars, chars);
    return true;
  }

  release(owner: string, chars: number): void {
    this.#set(owner, (this.#reservedBy.get(owner) ?? 0) - chars, -chars);
  }

  #set(owner: string, own: number, chars: number): void {
    this.#reserved += chars;
    if (own > 0) this.#reservedBy.set(owner, own);
    else this.#reservedBy.delete(owner);
  }
}
