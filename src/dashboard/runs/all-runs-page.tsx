import { useMemo, useState } from 'preact/hooks';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { useQuery } from '../app/use-query.ts';
import { useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { MAX_INTEGRATIONS, type RecentRuns, RecentRunsReader } from './recent-runs.ts';
import { noRunFilter } from './run-filter.ts';
import { RunTable } from './run-table.tsx';

/** Rows at first; more on demand. */
const PAGE_ROWS = 100;

/** The newest runs of all integrations. */
export function AllRunsPage() {
  useTitle('Runs');
  const [query, setQuery] = useQuery(noRunFilter);
  const [rows, setRows] = useState(PAGE_ROWS);
  const reader = useMemo(() => new RecentRunsReader(), []);
  const { value, error } = useResource<RecentRuns>({
    key: 'recent runs',
    load: (client, signal) => reader.read(client, signal),
    isAffected: ({ type }) => type === 'run.started' || type === 'run.ended' || type === 'integration.removed',
    minIntervalMs: 1_000,
  });
  return (
    <div class="stack">
      <h1>Runs</h1>
      <p class="muted">
        What connectors did, newest first: the last hundred runs of{' '}
        {value && value.leftOut > 0
          ? `the ${MAX_INTEGRATIONS} integrations that ran last. ${pluralize(value.leftOut, 'other')} ran before them; find their runs on their own pages.`
          : 'each integration.'}
      </p>
      <ErrorNotice error={error} title="The runs could not be loaded." />
      {!value && error === undefined && <p role="status">Loading the runs…</p>}
      {value?.entries.length === 0 && (
        <div class="empty card">
          <h2>No runs yet</h2>
          <p class="muted">Runs appear here as soon as an integration is set up or used.</p>
        </div>
      )}
      {value && value.entries.length > 0 && (
        <RunTable
          entries={value.entries}
          rows={rows}
          onMore={() => setRows(rows + PAGE_ROWS)}
          query={query}
          onQuery={setQuery}
          caption="Runs of all integrations, newest first"
        />
      )}
    </div>
  );
}
