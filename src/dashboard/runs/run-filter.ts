/** Filters runs. Pure. */
import type { Run } from '../api/types.ts';
import { matcherOf, normalize } from '../app/search-text.ts';
import { outcomeNames } from '../tiles/state.ts';

/** As in the address. */
export interface RunQuery extends Readonly<Record<string, string>> {
  readonly search: string;
  /** An outcome or `unsuccessful`; '' for all. */
  readonly outcome: string;
  /** The id of the open run; '' for none. */
  readonly run: string;
}

export const noRunFilter: RunQuery = { search: '', outcome: '', run: '' };

/** A run in a list, and where it belongs if the list is of several integrations. */
export interface RunEntry {
  readonly run: Run;
  readonly integration?: { readonly name: string; readonly tag?: string | undefined };
}

export const isCancelled = ({ fault }: Run): boolean => fault === 'cancelled';

/** By the names of function and integration, and by what its errors say. */
export function filterRuns(entries: readonly RunEntry[], { search, outcome }: RunQuery): readonly RunEntry[] {
  const matches = matcherOf(search);
  return entries.filter(
    (entry) => hasOutcome(entry.run, outcome) && matches(textOf(entry), entry.run._id, entry.run.traceId ?? ''),
  );
}

function hasOutcome({ outcome }: Run, wanted: string): boolean {
  if (wanted === 'unsuccessful') return outcome !== 'succeeded' && outcome !== 'running';
  return wanted === '' || outcome === wanted;
}

const textOf = ({ run, integration }: RunEntry): string =>
  normalize(
    [
      integration?.name ?? '',
      integration?.tag ?? '',
      `${run.section}.${run.function}`,
      isCancelled(run) ? 'Cancelled' : outcomeNames[run.outcome],
      run.fault ?? '',
      run.version,
      ...(run.errors ?? []).flatMap(({ code, message }) => [code, message]),
    ].join(' '),
  );
