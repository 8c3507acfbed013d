import { useMemo, useState } from 'preact/hooks';
import type { Connector, Tile } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { matcherOf, normalize } from '../app/search-text.ts';
import { useConnectors } from '../app/use-connectors.ts';
import { useQuery } from '../app/use-query.ts';
import { useTitle } from '../app/use-title.ts';
import { mayAdminister, useToken } from '../server/use-token.ts';
import { ConnectorCard } from './connector-card.tsx';
import { InstallDialog } from './install-dialog.tsx';
import { Upload } from './upload.tsx';
import { useInstalls } from './use-installs.ts';

const noFilter = { search: '', state: '' };

/** What can be installed. */
export function ConnectorsPage() {
  useTitle('Connectors');
  const [selected, setSelected] = useState<Connector>();
  const [query, setQuery] = useQuery(noFilter);
  const { value, error, reload } = useConnectors();
  const installs = useInstalls();
  const canUpload = mayAdminister(useToken());
  const shown = useMemo(() => filterConnectors(value ?? [], query), [value, query]);
  const installsOf = ({ _id }: Connector): readonly Tile[] => installs.get(_id) ?? [];
  return (
    <div class="stack">
      <h1>Connectors</h1>
      <p class="muted">
        A connector links two applications. Installing one makes an integration; you can have several.
      </p>
      {canUpload && <Upload reload={reload} />}
      {!value && <ErrorNotice error={error} title="The connectors could not be loaded." />}
      {!value && error === undefined && <p role="status">Loading the connectors…</p>}
      {value?.length === 0 && (
        <div class="empty card">
          <h2>No connectors yet</h2>
          <p class="muted">
            {canUpload ? 'Upload a bundle' : 'Ask the administrator for one'}, or copy a folder with a package.json into
            the connectors folder. It appears here within a second.
          </p>
        </div>
      )}
      {value && value.length > 0 && (
        <>
          <search class="toolbar">
            <label class="field grow">
              <span class="label">Search</span>
              <input
                type="search"
                placeholder="Name or description"
                value={query.search}
                onInput={({ currentTarget }) => setQuery({ search: currentTarget.value })}
              />
            </label>
            <label class="field">
              <span class="label">State</span>
              <select value={query.state} onChange={({ currentTarget }) => setQuery({ state: currentTarget.value })}>
                <option value="">All</option>
                <option value="ready">Can be installed</option>
                <option value="problem">With a problem</option>
              </select>
            </label>
          </search>
          <p class="muted small" role="status">
            {shown.length === value.length
              ? pluralize(value.length, 'connector')
              : `${shown.length} of ${pluralize(value.length, 'connector')}`}
          </p>
          {shown.length === 0 && (
            <div class="empty card">
              <p>No connector matches.</p>
              <button type="button" class="button" onClick={() => setQuery(noFilter)}>
                Clear filters
              </button>
            </div>
          )}
          <ul class="cards" aria-label="Connectors">
            {shown.map((connector) => (
              <ConnectorCard
                key={`${connector._id} ${connector.name}`}
                connector={connector}
                installs={installsOf(connector)}
                onInstall={() => setSelected(connector)}
              />
            ))}
          </ul>
        </>
      )}
      {selected && (
        <InstallDialog connector={selected} installs={installsOf(selected)} onClose={() => setSelected(undefined)} />
      )}
    </div>
  );
}

const hasProblem = ({ status, pending, errors = [] }: Connector): boolean =>
  status !== 'ready' || pending !== undefined || errors.length > 0;

function filterConnectors(connectors: readonly Connector[], query: typeof noFilter): readonly Connector[] {
  const matches = matcherOf(query.search);
  return connectors.filter((connector) => {
    if (query.state === 'ready' && connector.status !== 'ready') return false;
    if (query.state === 'problem' && !hasProblem(connector)) return false;
    const { title, name, description = '', _id } = connector;
    return matches(normalize(`${title} ${name} ${description}`), _id);
  });
}
