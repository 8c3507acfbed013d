import type { ComponentChildren } from 'preact';
import type { Run } from '../api/types.ts';
import { pluralize } from '../app/format.ts';
import { filterRuns, noRunFilter, type RunEntry, type RunQuery } from './run-filter.ts';
import { RunRow } from './run-row.tsx';
import { RunToolbar } from './run-toolbar.tsx';

interface RunTableProps {
  /** Newest first. */
  readonly entries: readonly RunEntry[];
  readonly query: RunQuery;
  readonly onQuery: (change: Partial<RunQuery>) => void;
  readonly caption: string;
  /** Shown at most; all by default. */
  readonly rows?: number;
  /** Shows more of them. */
  readonly onMore?: () => void;
  /** At the end of an open run. */
  readonly actionsOf?: (run: Run) => ComponentChildren;
}

/** Runs with search and filter. Each opens in place. */
export function RunTable(props: RunTableProps) {
  const { entries, query, onQuery, caption, rows = entries.length, onMore, actionsOf } = props;
  const shown = filterRuns(entries, query);
  const hasIntegrations = entries.some(({ integration }) => integration !== undefined);
  const isMissing = query.run !== '' && !entries.some(({ run }) => run._id === query.run);
  return (
    <>
      <RunToolbar
        query={query}
        placeholder={hasIntegrations ? 'Integration, function or error' : 'Function or error'}
        onChange={onQuery}
      />
      {isMissing && (
        <p class="notice" role="status">
          The run that you were looking for is not in this list any more. Only the newest are kept.
        </p>
      )}
      <p class="muted small" role="status">
        {shown.length === entries.length
          ? pluralize(entries.length, 'run')
          : `${shown.length} of ${pluralize(entries.length, 'run')}`}
      </p>
      {shown.length === 0 ? (
        <div class="empty card">
          <p>No run matches.</p>
          <button type="button" class="button" onClick={() => onQuery(noRunFilter)}>
            Clear filters
          </button>
        </div>
      ) : (
        <div class="card table-card">
          <table class="runs">
            <caption class="visually-hidden">{caption}</caption>
            <thead>
              <tr>
                <th scope="col">{hasIntegrations ? 'Integration and function' : 'Function'}</th>
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
              {shown.slice(0, rows).map((entry) => (
                <RunRow
                  key={entry.run._id}
                  entry={entry}
                  isOpen={entry.run._id === query.run}
                  onToggle={() => onQuery({ run: entry.run._id === query.run ? '' : entry.run._id })}
                  actionsOf={actionsOf}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length > rows && (
        <div>
          <button type="button" class="button" onClick={onMore}>
            Show older runs
          </button>
        </div>
      )}
    </>
  );
}
