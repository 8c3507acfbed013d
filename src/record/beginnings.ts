/** Where in a response a credential may begin: a filter that skips nearly everything. Pure. */
import type { Pattern } from './aho-corasick.ts';
import { droppedBytes, type EscapeDecoder, escapeDecoders, spellingsOf } from './normalized-bytes.ts';

export class Beginnings {
  /**
   * Pairs of bytes, as they are in the response. Just the first two bytes of the patterns, so that the time tells no
   * more about them.
   */
  readonly #pairs = new Uint8Array(0x10000);

  /** @param patterns normalized */
  constructor(patterns: readonly Pattern[]) {
    // Whatever is dropped or decoded may hide the second byte.
    const hiding = [...droppedBytes, ...escapeDecoders.map(({ marker }) => marker)];
    for (const { bytes } of patterns) {
      for (const first of spellingsOf(bytes[0] as number)) {
        for (const second of [...spellingsOf(bytes[1] as number), ...hiding]) this.#pairs[(first << 8) | second] = 1;
      }
    }
  }

  /** Whether a pattern may begin here. */
  isAt(bytes: Uint8Array, at: number): boolean {
    return this.#pairs[((bytes[at] as number) << 8) | (bytes[at + 1] as number)] === 1;
  }

  /** The next place where a pattern may begin, or an escape does; the answer's length if there is none. */
  nextIn(answer: Uint8Array, from: number, decoder: EscapeDecoder | undefined): number {
    const marker = decoder?.marker;
    const pairs = this.#pairs;
    let byte = answer[from] as number;
    for (let at = from; at < answer.length - 1; at++) {
      const next = answer[at + 1] as number;
      if (byte === marker || pairs[(byte << 8) | next] === 1) return at;
      byte = next;
    }
    return answer.length;
  }
}
