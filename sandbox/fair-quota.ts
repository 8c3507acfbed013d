/**
 * Shares a capacity among owners. Nobody takes more than half of what the others leave free, rounded down but at least
 * one unit, so that there is always some left for one more owner. Every shared capacity is divided by this rule.
 */
export class FairQuota {
  readonly #capacity: number;
  readonly #perOwner: number;
  readonly #usedBy = new Map<string, number>();
  #used = 0;

  /** @param perOwner an owner's limit, should its share be larger */
  constructor(capacity: number, perOwner = capacity) {
    this.#capacity = capacity;
    this.#perOwner = perOwner;
  }

  get used(): number {
    return this.#used;
  }

  /** @returns false, and takes nothing, if the owner's share is exhausted */
  take(owner: string, amount = 1): boolean {
    const own = this.#usedBy.get(owner) ?? 0;
    const share = Math.max(1, Math.floor((this.#capacity - this.#used + own) / 2));
    if (own + amount > Math.min(share, this.#perOwner) || this.#used + amount > this.#capacity) return false;
    this.#set(owner, own + amount, amount);
    return true;
  }

  release(owner: string, amount = 1): void {
    this.#set(owner, (this.#usedBy.get(owner) ?? 0) - amount, -amount);
  }

  #set(owner: string, own: number, change: number): void {
    this.#used += change;
    if (own > 0) this.#usedBy.set(owner, own);
    else this.#usedBy.delete(owner);
  }
}
