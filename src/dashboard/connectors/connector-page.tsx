import { useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import type { Connector } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { Logo } from '../app/logo.tsx';
import { useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { mayAdminister, useToken } from '../server/use-token.ts';
import { BundleTexts } from './bundle-text.tsx';
import { ConnectorFacts } from './connector-facts.tsx';
import { canBeInstalled, StatusBadge, StatusNotices } from './connector-status.tsx';
import { DeleteConnector } from './delete-connector.tsx';
import { InstallBase } from './install-base.tsx';
import { InstallDialog } from './install-dialog.tsx';
import { useInstalls } from './use-installs.ts';

/** One connector: what it may do, who uses it, and what can be done with it. */
export function ConnectorPage({ id }: { readonly id: string }) {
  const path = `/connectors/${id}`;
  const { value, error, reload } = useResource<Connector>({
    key: path,
    load: (client, signal) => client.get<Connector>(path, signal),
    isAffected: ({ type }) => type.startsWith('connector.'),
  });
  const installs = useInstalls().get(id) ?? [];
  const canDelete = mayAdminister(useToken());
  const [asks, setAsks] = useState<'install' | 'delete'>();
  useTitle(value?.title);
  if (!value || (error instanceof ApiError && error.status === 404)) {
    if (error === undefined) return <p role="status">Loading the connector…</p>;
    if (error instanceof ApiError && error.status === 404) return <Missing />;
    return <ErrorNotice error={error} title="The connector could not be loaded." />;
  }
  const { title, name, version, description, imageURL, warnings = [] } = value;
  return (
    <div class="stack">
      <header class="integration-head">
        <Logo name={title} imageURL={imageURL} connectorId={id} />
        <div class="grow">
          <p class="muted small">
            <a href="#/connectors">Connectors</a> / {name}
          </p>
          <h1>{title}</h1>
          <div class="row">
            {version !== undefined && <span class="badge">Version {version}</span>}
            <StatusBadge connector={value} />
          </div>
        </div>
        <div class="row">
          {canDelete && value.uploaded === true && (
            <button type="button" class="button danger" onClick={() => setAsks('delete')}>
              Delete
            </button>
          )}
          {canBeInstalled(value) && (
            <button
              type="button"
              class="button primary"
              aria-label={`Install ${title}`}
              onClick={() => setAsks('install')}
            >
              Install
            </button>
          )}
        </div>
      </header>
      {description && <p>{description}</p>}
      <StatusNotices connector={value} reload={reload} />
      {warnings.length > 0 && (
        <details>
          <summary>Hints for its author ({warnings.length})</summary>
          <ul class="reasons">
            {warnings.map(({ field, message }) => (
              <li key={`${field} ${message}`}>{message}</li>
            ))}
          </ul>
        </details>
      )}
      <ConnectorFacts connector={value} installs={installs} />
      <InstallBase connector={value} installs={installs} />
      <BundleTexts connector={value} />
      {asks === 'install' && <InstallDialog connector={value} installs={installs} onClose={() => setAsks(undefined)} />}
      {asks === 'delete' && (
        <DeleteConnector connector={value} installs={installs.length} onClose={() => setAsks(undefined)} />
      )}
    </div>
  );
}

function Missing() {
  return (
    <div class="empty card">
      <h1>There is no such connector</h1>
      <p class="muted">It may have been deleted, or its bundle taken out of the connectors folder.</p>
      <a class="button primary" href="#/connectors">
        See all connectors
      </a>
    </div>
  );
}
