import { useState } from 'preact/hooks';
import type { StoredRecord } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { aboutIntegration } from '../app/use-resource.ts';
import { ConnectionDialog } from './connection-dialog.tsx';
import { ConnectionRow } from './connection-row.tsx';
import { PAGE_ROWS, usePages } from './use-pages.ts';

export function Connections({ integrationId }: { readonly integrationId: string }) {
  const [editing, setEditing] = useState<{ readonly id?: string }>();
  const { value, error, loadMore, reload } = usePages<StoredRecord>(
    `/connections?_integrationId=${integrationId}&limit=${PAGE_ROWS}`,
    aboutIntegration(integrationId, 'integration.'),
  );
  return (
    <section class="card stack" aria-labelledby="connections-title">
      <div class="row apart">
        <h2 id="connections-title">Connections</h2>
        <span class="row">
          {value?.rows.length === 0 && <span class="muted">None</span>}
          <button type="button" class="button small" onClick={() => setEditing({})}>
            Add connection
          </button>
        </span>
      </div>
      {!value && <ErrorNotice error={error} title="Could not load the connections." />}
      {value && value.rows.length > 0 && (
        <ul class="records">
          {value.rows.map((record) => (
            <ConnectionRow key={record._id} record={record} onEdit={() => setEditing({ id: record._id })} />
          ))}
        </ul>
      )}
      {value?.hasMore && (
        <div class="row">
          <button type="button" class="button" onClick={loadMore}>
            Show more connections
          </button>
          <span class="muted small">{value.rows.length} shown</span>
        </div>
      )}
      {editing && (
        <ConnectionDialog
          id={editing.id}
          integrationId={integrationId}
          onSaved={() => void reload()}
          onClose={() => setEditing(undefined)}
        />
      )}
    </section>
  );
}
