/**
 * Limits the memory of writes that runs have not committed yet. No owner may take more than half of what
 * the others leave free.
 */
export class MemoryQuota {
  readonly #chars: number;
  #reserved = 0;
  readonly #reservedBy = new Map<string, number>();

  constructor(chars: number) {
    this.#chars = chars;
  }

  /** @returns false, and reserves nothing, if the owner's share is exhausted */
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
