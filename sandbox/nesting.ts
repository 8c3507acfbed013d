/**
 * How deep a JSON text nests, and how many parts it has, without parsing it: to parse one that nests a
 * million levels takes a second and gigabytes, and one with a million names holds everybody up.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
/** `{` and `[`, `}` and `]` differ in one bit. */
const BRACKET_CASE = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** Whether arrays and objects nest in more than `levels` levels. Of a text that is not JSON it says nothing. */
export function nestsDeeper(text: string, levels: number): boolean {
  let depth = 0;
  // Each takes two brackets.
  if (text.length <= 2 * levels) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return false;
    } else if ((code | BRACKET_CASE) === OPENING) {
      if (++depth > levels) return true;
    } else if ((code | BRACKET_CASE) === CLOSING) {
      depth--;
    }
  }
  return false;
}

/** Whether it has more than `limit` parts. */
export function hasMoreParts(text: string, limit: number): boolean {
  // The shortest is `[]`.
  return text.length > 2 * limit && partsIn(text, limit) > limit;
}

/** How many arrays, objects and names it has, all together; at most one more than `most` are counted. Of a text that is not JSON it says nothing. */
export function partsIn(text: string, most: number): number {
  let parts = 0;
  for (let at = 0; at < text.length && parts <= most; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return parts;
    } else if (code === COLON || (code | BRACKET_CASE) === OPENING) parts++;
  }
  return parts;
}

/** Whether its lists and objects have more than `limit` items and members, all together. */
export function hasMoreItems(text: string, limit: number): boolean {
  // The shortest is `0,`.
  if (text.length <= 2 * limit) return false;
  let commas = 0;
  for (let at = 0; at < text.length && commas <= limit; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return false;
    } else if (code === COMMA) commas++;
  }
  return commas > limit;
}

/**
 * Whether more than `limit` characters stand outside of its strings: numbers, brackets, commas and colons, which
 * is what a parser makes a value of one by one.
 */
export function hasMoreStructure(text: string, limit: number): boolean {
  let [structure, from] = [0, 0];
  while (structure <= limit) {
    const quote = text.indexOf('"', from);
    structure += (quote < 0 ? text.length : quote) - from;
    const end = quote < 0 ? -1 : endOfString(text, quote);
    if (end < 0) break;
    from = end + 1;
  }
  return structure > limit;
}

/** Where the quote is that ends the string which begins at `start`; -1 if none is. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
