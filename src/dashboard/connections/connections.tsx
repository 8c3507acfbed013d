import { useEffect, useState } from 'preact/hooks';
import type { StoredRecord, Tile } from '../api/types.ts';
import { returnHref } from '../app/address.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSignInReturn } from '../app/sign-in-return.ts';
import { aboutIntegration, useResource } from '../app/use-resource.ts';
import { PAGE_ROWS, usePages } from '../records/use-pages.ts';
import { ConnectResult } from './connect-result.tsx';
import { ConnectionDialog } from './connection-dialog.tsx';
import { ConnectionRow } from './connection-row.tsx';

export function Connections({ integrationId }: { readonly integrationId: string }) {
  const signInReturn = useSignInReturn();
  const [returnedId, setReturnedId] = useState(signInReturn.connectionId);
  useEffect(() => {
    signInReturn.connectionId = undefined;
  }, [signInReturn]);
  const [editing, setEditing] = useState<{ readonly id?: string }>();
  const { value, error, loadMore, reload } = usePages<StoredRecord>(
    `/connections?_integrationId=${integrationId}&limit=${PAGE_ROWS}`,
    aboutIntegration(integrationId, 'integration.'),
  );
  const offline = useOffline(integrationId);
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
      {returnedId !== undefined && <ConnectResult connectionId={returnedId} integrationId={integrationId} />}
      {!value && <ErrorNotice error={error} title="The connections could not be loaded." />}
      {value && value.rows.length > 0 && (
        <ul class="records">
          {value.rows.map((record) => (
            <ConnectionRow
              key={record._id}
              record={record}
              integrationId={integrationId}
              isOffline={offline.has(record._id)}
              returnTo={returnHref(integrationId, 'records', record._id)}
              onEdit={() => setEditing({ id: record._id })}
              onChanged={() => {
                setReturnedId(undefined);
                void reload();
              }}
            />
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

/** Ids of the connections that did not answer their last test, or whose provider has refused them. */
function useOffline(integrationId: string): ReadonlySet<string> {
  const { value } = useResource<ReadonlySet<string>>({
    key: `offline ${integrationId}`,
    load: async (client, signal) => {
      const path = `/tiles?_integrationId=${integrationId}&include=offlineConnections`;
      const [tile] = await client.get<readonly Tile[]>(path, signal);
      return new Set(tile?.offlineConnections);
    },
    isAffected: aboutIntegration(integrationId, 'integration.', 'connection.'),
  });
  return value ?? NONE;
}

const NONE: ReadonlySet<string> = new Set();
