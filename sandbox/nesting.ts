/**
 * How deep a JSON text nests and how many parts it has, without parsing it. Parsing a million levels
 * takes a second and gigabytes, and parsing a million names blocks the event loop. For a text that is
 * not JSON the answers mean nothing.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
/** `{` and `[`, `}` and `]` differ in one bit. */
const BRACKET_CASE = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** Whether arrays and objects nest deeper than `levels`. */
export function nestsDeeper(text: string, levels: number): boolean {
  let depth = 0;
  // Each level takes two brackets.
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

/** Whether the text has more than `limit` parts. */
export function hasMoreParts(text: string, limit: number): boolean {
  // The shortest part is `[]`.
  return text.length > 2 * limit && partsIn(text, limit) > limit;
}

/** The number of arrays, objects and names together. Stops counting at `limit` + 1. */
export function partsIn(text: string, limit: number): number {
  let parts = 0;
  for (let at = 0; at < text.length && parts <= limit; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at < 0) return parts;
    } else if (code === COLON || (code | BRACKET_CASE) === OPENING) parts++;
  }
  return parts;
}

/** Whether all arrays and objects together have more than `limit` items and members. */
export function hasMoreItems(text: string, limit: number): boolean {
  // The shortest item is `0,`.
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
 * Whether more than `limit` characters are outside of strings: numbers, brackets, commas and colons, which
 * a parser handles one by one.
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

/** @returns the index of the quote that closes the string opened at `start`, or -1 */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
