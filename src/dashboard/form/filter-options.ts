/** Filters options by typed text. Pure. */
import type { Option } from './options.ts';

export interface Matches {
  readonly shown: readonly Option[];
  /** Number of all matches. */
  readonly count: number;
}

/** Prefix matches come first. Shows at most `limit`, so that ten thousand options stay usable. */
export function filterOptions(options: readonly Option[], query: string, limit: number): Matches {
  const needle = query.trim().toLocaleLowerCase();
  if (needle === '') return { shown: options.slice(0, limit), count: options.length };
  const first: Option[] = [];
  const others: Option[] = [];
  for (const option of options) {
    const label = option.label.toLocaleLowerCase();
    if (label.startsWith(needle)) first.push(option);
    else if (label.includes(needle) || String(option.value).toLocaleLowerCase().includes(needle)) others.push(option);
  }
  return { shown: [...first, ...others].slice(0, limit), count: first.length + others.length };
}
