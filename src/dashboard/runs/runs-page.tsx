import { useState } from 'preact/hooks';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { useRuns } from '../steps/use-call.ts';
import { RunRow } from './run-row.tsx';
import { RunsChart } from './runs-chart.tsx';

/** The last runs, including running ones. */
export function RunsPage({ integration: { _id } }: IntegrationProps) {
  const runs = useRuns(_id);
  const [opened, setOpened] = useState<string>();
  if (!runs) return <p role="status">Loading runs…</p>;
  if (runs.length === 0) {
    return (
      <div class="empty card">
        <h2>No runs yet</h2>
        <p class="muted">The last hundred calls of the connector’s functions appear here.</p>
      </div>
    );
  }
  return (
    <div class="stack">
      <RunsChart runs={runs} />
      <div class="card table-card">
        <table class="runs">
          <caption class="visually-hidden">Last runs, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Function</th>
              <th scope="col">Outcome</th>
              <th scope="col">Started</th>
              <th scope="col" class="number">
                Duration
              </th>
              <th scope="col" class="number">
                CPU
              </th>
              <th scope="col" class="number">
                Memory
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.toReversed().map((run) => (
              <RunRow
                key={run._id}
                integrationId={_id}
                run={run}
                isOpen={run._id === opened}
                onToggle={() => setOpened(run._id === opened ? undefined : run._id)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
