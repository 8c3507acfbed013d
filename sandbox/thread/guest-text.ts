/** Texts on their way into the isolate and out of it. */

/**
 * isolated-vm hands over a string of 1,024 bytes or more as an external one, and reads the heap's
 * statistics for it: a few shorter ones take half the time.
 */
const PIECE_CHARS = 1_000;
const PIECES = 8;

/** What of an answer is not plain JSON, and where. */
const WHAT_CHARS = 300;

/** Of a rejection that nobody looked at. */
const UNHANDLED_CHARS = 500;

/** @param what the guest's word for what it is and where: cut, and printable ASCII alone */
export function notPlain(what: string): string {
  const shown = what.slice(0, WHAT_CHARS).replaceAll(/[^ -~]/g, '?');
  return `The function's answer is not plain JSON${shown === '' ? '' : `: ${shown}`}.`;
}

/** Of texts of many pieces the copying is what counts. */
export function piecesOf(text: string): string[] {
  if (text.length > PIECES * PIECE_CHARS) return [text];
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += PIECE_CHARS) pieces.push(text.slice(at, at + PIECE_CHARS));
  return pieces;
}

/** Of a copy of what the guest threw: a primitive, or an error of our own realm. */
export function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, UNHANDLED_CHARS);
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
