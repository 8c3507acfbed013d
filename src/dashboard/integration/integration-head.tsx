import { useState } from 'preact/hooks';
import { connectorHref } from '../app/address.ts';
import { Logo } from '../app/logo.tsx';
import { stateNames, stateOf, stateTones } from '../tiles/state.ts';
import { DetailsDialog } from './details-dialog.tsx';
import type { IntegrationProps } from './integration-props.ts';
import { UpdateNotice } from './update-notice.tsx';

/** Name, state and version of an integration, and an available update. */
export function IntegrationHead({
  integration,
  connector,
  reload,
  isConnectorLoaded,
}: IntegrationProps & { readonly isConnectorLoaded: boolean }) {
  const [isEditing, setIsEditing] = useState(false);
  const { name, tag, sandbox, description, version, _connectorId } = integration;
  const state = stateOf(integration);
  const isBroken = isConnectorLoaded && _connectorId !== undefined && (!connector || connector.status === 'invalid');
  return (
    <header class="stack">
      <div class="integration-head">
        <Logo name={connector?.title ?? name} imageURL={connector?.imageURL} connectorId={_connectorId} />
        <div class="grow">
          <p class="muted small">
            <a href="#/">Home</a> /{' '}
            {_connectorId === undefined ? (
              'Made by hand'
            ) : (
              <>
                {connector ? <a href={connectorHref(_connectorId)}>{connector.title}</a> : 'Missing connector'}{' '}
                {version}
              </>
            )}
          </p>
          <h1>{name}</h1>
          <div class="row">
            <span class={`badge ${stateTones[state]}`}>{stateNames[state]}</span>
            {tag && <span class="badge tag">{tag}</span>}
            {sandbox && <span class="badge">For testing</span>}
          </div>
        </div>
        <button type="button" class="button small" onClick={() => setIsEditing(true)}>
          Edit details
        </button>
      </div>
      {description && <p>{description}</p>}
      {isBroken && (
        <p class="notice warn">
          {connector
            ? 'This connector’s bundle has errors. None of its functions can be called.'
            : 'This connector’s bundle is missing. None of its functions can be called until it is back.'}{' '}
          {connector && <a href={connectorHref(connector._id)}>See the errors</a>}
        </p>
      )}
      {connector && <UpdateNotice integration={integration} connector={connector} reload={reload} />}
      {isEditing && <DetailsDialog integration={integration} reload={reload} onClose={() => setIsEditing(false)} />}
    </header>
  );
}
