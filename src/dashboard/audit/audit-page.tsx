import { useMemo } from 'preact/hooks';
import type { AuditEntry, Connector } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useQuery } from '../app/use-query.ts';
import { useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { PAGE_ROWS, usePages } from '../records/use-pages.ts';
import { AuditFilter, noFilter, pathOf } from './audit-filter.tsx';
import { EntryRow } from './entry-row.tsx';

/** Who changed what, newest first. */
export function AuditPage() {
  useTitle('Audit log');
  const [filter, setFilter] = useQuery(noFilter);
  const { value, error, loadMore } = usePages<AuditEntry>(pathOf(filter, PAGE_ROWS), ({ type }) =>
    /^(?:integration|connector)\./.test(type),
  );
  const connectors = useResource<readonly Connector[]>({
    key: 'connectors',
    load: (client, signal) => client.list<Connector>('/connectors?include=title', undefined, signal),
    isAffected: ({ type }) => type === 'connector.loaded',
  }).value;
  const titles = useMemo(() => new Map(connectors?.map(({ _id, title }) => [_id, title])), [connectors]);
  return (
    <div class="stack">
      <h1>Audit log</h1>
      <p class="muted">Who changed what. Only the names of fields are recorded, never their values.</p>
      <AuditFilter filter={filter} onChange={setFilter} />
      <ErrorNotice error={error} title="The audit log could not be loaded." />
      {!value && error === undefined && <p role="status">Loading the audit log…</p>}
      {value?.rows.length === 0 && (
        <div class="empty card">
          <h2>Nothing was changed</h2>
          <p class="muted">
            {Object.values(filter).every((value) => value === '')
              ? 'Changes appear here.'
              : 'No entry matches the filter.'}
          </p>
        </div>
      )}
      {value && value.rows.length > 0 && (
        <div class="card table-card">
          <table class="runs">
            <caption class="visually-hidden">Changes, newest first</caption>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">What happened</th>
                <th scope="col">To what</th>
                <th scope="col">By whom</th>
                <th scope="col">Fields</th>
              </tr>
            </thead>
            <tbody>
              {value.rows.map((entry) => (
                <EntryRow
                  key={entry._id}
                  entry={entry}
                  connectors={titles}
                  onOnly={(resourceId) => setFilter({ resourceId })}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {value?.hasMore && (
        <div class="row">
          <button type="button" class="button" onClick={loadMore}>
            Show older entries
          </button>
        </div>
      )}
    </div>
  );
}
