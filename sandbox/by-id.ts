/**
 * A map for short-lived entries, such as one per call. V8 replaces the table of a busy `Map` now and
 * then, and the old table keeps a reference to the new one (OrderedHashTable::Rehash). Once an old table
 * has moved to the old space, it keeps all later tables alive until the next full collection. At 5,000
 * calls a second every entry was copied twice. Here nothing refers to later entries: a call leaves
 * 1.7 KB in the old space instead of 6.4.
 */

/**
 * A class because V8 starts to allocate object literals in the old space, where they keep all they refer
 * to alive. That cost an eighth of the throughput. `--no-allocation-site-pretenuring` helps as well, but
 * embedders would have to set it.
 */
class Entry<T> {
  readonly id: string;
  value: T;
  /** The next entry in the same slot; older than this one. */
  next: Entry<T> | undefined;

  constructor(id: string, value: T, next: Entry<T> | undefined) {
    this.id = id;
    this.value = value;
    this.next = next;
  }
}

const SLOTS = 64;
/** Ids count up, so they differ in their last characters. */
const HASHED_CHARS = 3;

export class ById<T> {
  #slots = new Array<Entry<T> | undefined>(SLOTS).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string): T | undefined {
    return this.#find(id)?.value;
  }

  has(id: string): boolean {
    return this.#find(id) !== undefined;
  }

  set(id: string, value: T): void {
    const existing = this.#find(id);
    if (existing) existing.value = value;
    else {
      if (this.#size === this.#slots.length) this.#grow();
      this.#add(id, value);
    }
  }

  delete(id: string): boolean {
    const slot = this.#slotOf(id);
    let before: Entry<T> | undefined;
    for (let entry = this.#slots[slot]; entry; entry = entry.next) {
      if (entry.id === id) {
        if (before) before.next = entry.next;
        else this.#slots[slot] = entry.next;
        this.#size--;
        return true;
      }
      before = entry;
    }
    return false;
  }

  /** In no particular order. */
  values(): T[] {
    const values: T[] = [];
    for (let entry of this.#slots) for (; entry; entry = entry.next) values.push(entry.value);
    return values;
  }

  #find(id: string): Entry<T> | undefined {
    let entry = this.#slots[this.#slotOf(id)];
    while (entry && entry.id !== id) entry = entry.next;
    return entry;
  }

  #add(id: string, value: T): void {
    const slot = this.#slotOf(id);
    this.#slots[slot] = new Entry(id, value, this.#slots[slot]);
    this.#size++;
  }

  #grow(): void {
    const oldSlots = this.#slots;
    this.#slots = new Array<Entry<T> | undefined>(2 * oldSlots.length).fill(undefined);
    this.#size = 0;
    for (let entry of oldSlots) for (; entry; entry = entry.next) this.#add(entry.id, entry.value);
  }

  #slotOf(id: string): number {
    let hash = 0;
    for (let i = Math.max(0, id.length - HASHED_CHARS); i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) | 0;
    return hash & (this.#slots.length - 1);
  }
}
