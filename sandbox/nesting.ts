/**
 * How deep a JSON text nests, and how many parts it has, without parsing it: to parse one that nests a
 * million levels takes a second and gigabytes, and one with a million names holds everybody up.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
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

/**
 * Whether it has more than `limit` arrays, objects and names in them, all together. Of a text that is not
 * JSON it says nothing.
 */
export function hasMoreParts(text: string, limit: number): boolean {
  let parts = 0;
  // The shortest is `[]`.
  if (text.length <= 2 * limit) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return false;
    } else if ((code === COLON || (code | BRACKET_CASE) === OPENING) && ++parts > limit) return true;
  }
  return false;
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
