import { useState } from 'preact/hooks';
import type { StoredRecord } from '../api/types.ts';
import { Problem } from '../app/problem.tsx';
import { ofIntegration } from '../app/use-resource.ts';
import { ConnectionDialog } from './connection-dialog.tsx';
import { ConnectionRow } from './connection-row.tsx';
import { PAGE_ROWS, usePages } from './use-pages.ts';

export function Connections({ integrationId }: { readonly integrationId: string }) {
  const [edited, setEdited] = useState<{ readonly id?: string }>();
  const { value, error, more, reload } = usePages<StoredRecord>(
    `/connections?_integrationId=${integrationId}&limit=${PAGE_ROWS}`,
    ofIntegration(integrationId, 'integration.'),
  );
  return (
    <section class="card stack" aria-labelledby="connections-title">
      <div class="row apart">
        <h2 id="connections-title">Connections</h2>
        <span class="row">
          {value?.rows.length === 0 && <span class="muted">None</span>}
          <button type="button" class="button small" onClick={() => setEdited({})}>
            Add a connection
          </button>
        </span>
      </div>
      {!value && <Problem error={error} title="The connections cannot be read." />}
      {value && value.rows.length > 0 && (
        <ul class="records">
          {value.rows.map((record) => (
            <ConnectionRow key={record._id} record={record} onEdit={() => setEdited({ id: record._id })} />
          ))}
        </ul>
      )}
      {value?.hasMore && (
        <div class="row">
          <button type="button" class="button" onClick={more}>
            Show more connections
          </button>
          <span class="muted small">{value.rows.length} shown</span>
        </div>
      )}
      {edited && (
        <ConnectionDialog
          id={edited.id}
          integrationId={integrationId}
          onSaved={() => void reload()}
          onClose={() => setEdited(undefined)}
        />
      )}
    </section>
  );
}
