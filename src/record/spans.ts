/** Sorted ranges of a text. Merges overlapping ones, not adjacent ones. 8 bytes each, as there may be millions. Pure. */

const INITIAL_SPANS = 16;

export class Spans {
  #from = new Int32Array(INITIAL_SPANS);
  #to = new Int32Array(INITIAL_SPANS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  from(index: number): number {
    return this.#from[index] as number;
  }

  /** Exclusive. */
  to(index: number): number {
    return this.#to[index] as number;
  }

  /** Must be called in the order of `to`. */
  add(from: number, to: number): void {
    let [start, end] = [from, to];
    while (this.#count > 0 && this.to(this.#count - 1) > start) {
      this.#count--;
      start = Math.min(start, this.from(this.#count));
      end = Math.max(end, this.to(this.#count));
    }
    if (this.#count === this.#from.length) [this.#from, this.#to] = [doubled(this.#from), doubled(this.#to)];
    this.#from[this.#count] = start;
    this.#to[this.#count++] = end;
  }
}

function doubled(list: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(list.length * 2);
  larger.set(list);
  return larger;
}

export function union(a: Spans, b: Spans): Spans {
  if (a.count === 0 || b.count === 0) return a.count === 0 ? b : a;
  const all = new Spans();
  let [i, j] = [0, 0];
  while (i < a.count || j < b.count) {
    const isNextOfA = j === b.count || (i < a.count && a.to(i) <= b.to(j));
    if (isNextOfA) all.add(a.from(i), a.to(i++));
    else all.add(b.from(j), b.to(j++));
  }
  return all;
}
