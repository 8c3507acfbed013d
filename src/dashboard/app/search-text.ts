/** How the lists search. Pure. */

/** Drops case and accents: "munchen" finds "München". */
export const normalize = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Ids are pasted whole. A short word would match too many. */
const ID_PART_CHARS = 8;

/**
 * @param search words that must all be found
 * @returns a function of a normalized text, and of ids that a word may begin
 */
export function matcherOf(search: string): (text: string, ...ids: readonly string[]) => boolean {
  const words = normalize(search).split(/\s+/).filter(Boolean);
  return (text, ...ids) =>
    words.every(
      (word) => text.includes(word) || (word.length >= ID_PART_CHARS && ids.some((id) => id.startsWith(word))),
    );
}
