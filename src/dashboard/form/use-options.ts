import { useMemo } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import { type Option, parseOptions } from './options.ts';

/** Parsed once per list, since controls render on every change of the form. */
export function useOptions(raw: Json | undefined): readonly Option[] {
  return useMemo(() => parseOptions(raw) ?? [], [raw]);
}
