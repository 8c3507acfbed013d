/** Texts that go into the isolate and come out of it. */

/**
 * isolated-vm passes a string of 1,024 bytes or more as an external string and reads the heap statistics
 * for it. A few shorter strings take half the time.
 */
const PIECE_CHARS = 1_000;
const MAX_PIECES = 8;

/** Description of what is not plain JSON, and where. */
const DESCRIPTION_CHARS = 300;

/** Message of an unhandled rejection. */
const UNHANDLED_CHARS = 500;

/** Why nothing more can be asked for. Connector code of an ended run does not go on, so this is hardly ever read. */
export const NO_RUN = 'the run has ended';

/** `262,144`: the isolate's limits are large numbers. */
export const amount = (count: number): string => count.toLocaleString('en-US');

/** @param description the guest's own; it is cut and reduced to printable ASCII */
export function notPlainMessage(description: string): string {
  const shown = description.slice(0, DESCRIPTION_CHARS).replaceAll(/[^ -~]/g, '?');
  return `The function's answer is not plain JSON${shown === '' ? '' : `: ${shown}`}.`;
}

/** Appends where in the bundle it happened. */
export function withPosition(message: string, stack = '', filename = ''): string {
  const at = filename === '' ? -1 : stack.indexOf(`${filename}:`);
  const [position = ''] = at < 0 ? [] : (/^:\d{1,9}:\d{1,9}/.exec(stack.slice(at + filename.length)) ?? []);
  return position === '' || message.includes(filename + position) ? message : `${message} (${filename}${position})`;
}

/** Long texts stay whole: for them, copying dominates. */
export function splitText(text: string): string[] {
  if (text.length > MAX_PIECES * PIECE_CHARS) return [text];
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += PIECE_CHARS) pieces.push(text.slice(at, at + PIECE_CHARS));
  return pieces;
}

/** @param error a copy of what the guest threw: a primitive, or an error of our own realm */
export function errorText(error: unknown): string {
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
