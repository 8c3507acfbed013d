/** Prepares a connector's texts for display: always text, and limited in length. */

const LABEL_CHARS = 300;
const HELP_CHARS = 4_000;

function truncate(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text;
}

/** The first candidate that is a non-empty string, a number or a boolean. */
export function labelOf(...candidates: readonly unknown[]): string {
  for (const candidate of candidates) {
    if (typeof candidate === 'number' || typeof candidate === 'boolean') return String(candidate);
    if (typeof candidate === 'string' && candidate.trim() !== '') return truncate(candidate, LABEL_CHARS);
  }
  return '';
}

/** Joins help texts, without duplicates. */
export function helpOf(...candidates: readonly unknown[]): string {
  const texts = candidates.filter((text): text is string => typeof text === 'string' && text.trim() !== '');
  return truncate([...new Set(texts)].join('\n'), HELP_CHARS);
}

export function formatTextSize(text: string): string {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(bytes < 10 * 1024 ? 1 : 0)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
