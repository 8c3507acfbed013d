import { useState } from 'preact/hooks';
import type { Connector, Tile } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { ConnectorCard } from './connector-card.tsx';
import { InstallDialog } from './install-dialog.tsx';

export function ConnectorsPage() {
  useTitle('Connectors');
  const [selected, setSelected] = useState<Connector>();
  const connectors = useResource<readonly Connector[]>({
    key: 'connectors',
    load: (client, signal) => client.list<Connector>('/connectors', undefined, signal),
    isAffected: ({ type }) => type.startsWith('connector.'),
  });
  const tiles = useResource<readonly Tile[]>({
    key: 'tiles',
    load: (client, signal) => client.list<Tile>('/tiles', undefined, signal),
    isAffected: ({ type }) => type.startsWith('integration.'),
    minIntervalMs: 400,
  });
  const installsOf = ({ _id }: Connector): readonly Tile[] =>
    tiles.value?.filter(({ _connectorId }) => _connectorId === _id) ?? [];
  const { value } = connectors;
  return (
    <div class="stack">
      <h1>Connectors</h1>
      <p class="muted">Bundles in the connectors folder. A new one appears here within a second.</p>
      {!value && connectors.error !== undefined && (
        <ErrorNotice error={connectors.error} title="Could not load the connectors." />
      )}
      {!value && connectors.error === undefined && <p role="status">Loading connectors…</p>}
      {value?.length === 0 && (
        <div class="empty card">
          <h2>No connectors yet</h2>
          <p class="muted">Copy a bundle (a folder with a package.json) into the connectors folder.</p>
        </div>
      )}
      <ul class="cards">
        {value?.map((connector) => (
          <ConnectorCard
            key={`${connector._id} ${connector.name}`}
            connector={connector}
            installs={installsOf(connector).length}
            onInstall={() => setSelected(connector)}
            reload={connectors.reload}
          />
        ))}
      </ul>
      {selected && (
        <InstallDialog connector={selected} installs={installsOf(selected)} onClose={() => setSelected(undefined)} />
      )}
    </div>
  );
}
