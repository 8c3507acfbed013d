import { useQuery } from '../app/use-query.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { useRuns } from '../steps/use-call.ts';
import { RunAgain } from './run-again.tsx';
import { noRunFilter } from './run-filter.ts';
import { RunTable } from './run-table.tsx';
import { RunsChart } from './runs-chart.tsx';

/** The last runs of an integration, including running ones. */
export function RunsPage(props: IntegrationProps) {
  const runs = useRuns(props.integration._id);
  const [query, setQuery] = useQuery(noRunFilter);
  if (!runs) return <p role="status">Loading the runs…</p>;
  if (runs.length === 0) {
    return (
      <div class="empty card">
        <h2>No runs yet</h2>
        <p class="muted">
          A run is one call of a function of the connector: a step of the setup, a saved setting. The last hundred are
          kept, with their errors and log lines.
        </p>
      </div>
    );
  }
  return (
    <div class="stack">
      <RunsChart runs={runs} />
      <RunTable
        entries={runs.toReversed().map((run) => ({ run }))}
        query={query}
        onQuery={setQuery}
        caption="Last runs, newest first"
        actionsOf={(run) => <RunAgain run={run} {...props} />}
      />
    </div>
  );
}
