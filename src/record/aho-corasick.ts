/**
 * Searches for many patterns in one pass (Aho and Corasick, 1975). The time per byte depends neither on the number of
 * patterns nor on how much of one matches, so timing reveals nothing about them. Pure.
 */

export interface Pattern {
  readonly bytes: Uint8Array;
  /** In base64, the neighboring characters may hold some bits of the pattern. */
  readonly sharesFirst?: boolean;
  readonly sharesLast?: boolean;
}

export interface SearchState {
  node: number;
}

const ROOT = 0;

export class AhoCorasick {
  /** The trie's edges as an open-addressing hash table: node and byte → node. */
  readonly #keys: Int32Array;
  readonly #targets: Int32Array;
  readonly #mask: number;
  /** The failure links: the node of the longest proper suffix. */
  readonly #fallback: Int32Array;
  /** The length of the longest pattern that ends at each node. */
  readonly #matchBytes: Int32Array;
  readonly #shares: Uint8Array;
  readonly longest: number;
  readonly isEmpty: boolean;

  constructor(patterns: readonly Pattern[]) {
    const bytes = patterns.reduce((sum, pattern) => sum + pattern.bytes.length, 0);
    const slots = 2 ** Math.ceil(Math.log2(2 * (bytes + 1)));
    this.#keys = new Int32Array(slots).fill(-1);
    this.#targets = new Int32Array(slots);
    this.#mask = slots - 1;
    this.#fallback = new Int32Array(bytes + 1);
    this.#matchBytes = new Int32Array(bytes + 1);
    this.#shares = new Uint8Array(bytes + 1);
    this.isEmpty = patterns.length === 0;
    this.longest = patterns.reduce((most, pattern) => Math.max(most, pattern.bytes.length), 0);
    this.#linkSuffixes(this.#buildTrie(patterns));
  }

  /** @returns the length of the longest pattern that ends with this byte, or 0 */
  next(state: SearchState, byte: number): number {
    let { node } = state;
    let target = this.#edge(node, byte);
    while (target === ROOT && node !== ROOT) {
      node = this.#fallback[node] as number;
      target = this.#edge(node, byte);
    }
    state.node = target;
    return this.#matchBytes[target] as number;
  }

  sharesFirst({ node }: SearchState): boolean {
    return ((this.#shares[node] as number) & 1) !== 0;
  }

  sharesLast({ node }: SearchState): boolean {
    return ((this.#shares[node] as number) & 2) !== 0;
  }

  #slot(key: number): number {
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) & this.#mask;
    while (this.#keys[slot] !== key && this.#keys[slot] !== -1) slot = (slot + 1) & this.#mask;
    return slot;
  }

  /** No edge leads to the root: it stands for "none". */
  #edge(node: number, byte: number): number {
    return this.#targets[this.#slot(node * 256 + byte)] as number;
  }

  #buildTrie(patterns: readonly Pattern[]): Trie {
    const capacity = this.#fallback.length;
    const trie = {
      count: 1,
      parents: new Int32Array(capacity),
      bytes: new Uint8Array(capacity),
      depths: new Int32Array(capacity),
    };
    for (const { bytes, sharesFirst, sharesLast } of patterns) {
      let node = ROOT;
      for (const byte of bytes) {
        const slot = this.#slot(node * 256 + byte);
        if (this.#keys[slot] === -1) {
          this.#keys[slot] = node * 256 + byte;
          this.#targets[slot] = trie.count;
          trie.parents[trie.count] = node;
          trie.bytes[trie.count] = byte;
          trie.depths[trie.count] = (trie.depths[node] as number) + 1;
          trie.count++;
        }
        node = this.#targets[slot] as number;
      }
      this.#matchBytes[node] = bytes.length;
      this.#shares[node] = (this.#shares[node] as number) | (sharesFirst ? 1 : 0) | (sharesLast ? 2 : 0);
    }
    return trie;
  }

  /** Breadth first: a suffix is shorter than its node's path. */
  #linkSuffixes({ count, parents, bytes, depths }: Trie): void {
    for (const node of byDepth(depths.subarray(0, count))) {
      if (node === ROOT) continue;
      let from = parents[node] as number;
      let target = ROOT;
      while (from !== ROOT && target === ROOT) {
        from = this.#fallback[from] as number;
        target = this.#edge(from, bytes[node] as number);
      }
      this.#fallback[node] = target;
      if (this.#matchBytes[node] === 0) {
        this.#matchBytes[node] = this.#matchBytes[target] as number;
        this.#shares[node] = this.#shares[target] as number;
      } else {
        // A shorter pattern that ends here may reach one character further to the right, never to the left.
        this.#shares[node] = (this.#shares[node] as number) | ((this.#shares[target] as number) & 2);
      }
    }
  }
}

interface Trie {
  count: number;
  readonly parents: Int32Array;
  readonly bytes: Uint8Array;
  readonly depths: Int32Array;
}

/** Node numbers sorted by depth (counting sort). */
function byDepth(depths: Int32Array): Int32Array {
  const offsets = new Int32Array(depths.length + 1);
  for (const depth of depths) offsets[depth + 1] = (offsets[depth + 1] as number) + 1;
  for (let depth = 1; depth < offsets.length; depth++) {
    offsets[depth] = (offsets[depth] as number) + (offsets[depth - 1] as number);
  }
  const order = new Int32Array(depths.length);
  for (let node = 0; node < depths.length; node++) {
    const depth = depths[node] as number;
    order[offsets[depth] as number] = node;
    offsets[depth] = (offsets[depth] as number) + 1;
  }
  return order;
}
