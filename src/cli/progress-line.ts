/** Shows progress on one line, overwriting it; only on a terminal. */
import type { Output } from './command.ts';

const CLEAR_LINE = '\r\u001B[2K';
const REDRAW_MS = 100;

export interface ProgressLine {
  show(text: string): void;
  /** Erases the line. */
  clear(): void;
}

export function progressLineOn(out: Output): ProgressLine {
  if (out.isTTY !== true) return { show() {}, clear() {} };
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      const now = performance.now();
      if (now - shownAt < REDRAW_MS) return;
      shownAt = now;
      out.write(CLEAR_LINE + text.slice(0, (out.columns ?? 80) - 1));
    },
    clear() {
      if (shownAt !== Number.NEGATIVE_INFINITY) out.write(CLEAR_LINE);
    },
  };
}

/** Passes bytes through and shows their number so far. */
export async function* withProgress(
  bytes: AsyncIterable<Uint8Array | string>,
  progress: ProgressLine,
  label: string,
): AsyncGenerator<Uint8Array | string> {
  let count = 0;
  for await (const piece of bytes) {
    count += piece.length;
    progress.show(`${label} ${(count / 1024 / 1024).toFixed(1)} MiB`);
    yield piece;
  }
}
