import { useMemo } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import { type Option, parseOptions } from './options.ts';

/** For a control, which draws itself at every change of the form: read once per list. */
export function useOptions(raw: Json | undefined): readonly Option[] {
  return useMemo(() => parseOptions(raw) ?? [], [raw]);
}
