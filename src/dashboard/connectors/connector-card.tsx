import type { Connector } from '../api/types.ts';
import { pluralize } from '../app/format.tsx';
import { Logo } from '../app/logo.tsx';
import { describeLimits, describeReach } from './describe-permissions.ts';
import { PendingNotice } from './pending-notice.tsx';

interface ConnectorCardProps {
  readonly connector: Connector;
  /** Number of integrations using it. */
  readonly installs: number;
  readonly onInstall: () => void;
  /** Reloads the connectors. */
  readonly reload: () => Promise<void>;
}

export function ConnectorCard({ connector, installs, onInstall, reload }: ConnectorCardProps) {
  const { _id, title, name, version, description, imageURL, status, pending, errors = [] } = connector;
  /** No version is in use until this one is approved. */
  const awaitsApproval = status === 'held' && pending !== undefined;
  const reach = describeReach(connector);
  const limits = describeLimits(connector);
  return (
    <li class="card stack connector">
      <div class="tile-head">
        <Logo name={title} imageURL={imageURL} connectorId={_id} />
        <div class="tile-name">
          <h2>{title}</h2>
          <p class="muted small">
            {name} {version}
          </p>
        </div>
        {status === 'invalid' && <span class="badge bad">Invalid</span>}
        {status === 'held' && <span class="badge warn">{awaitsApproval ? 'Awaiting approval' : 'Blocked'}</span>}
      </div>
      {description && <p>{description}</p>}
      {status === 'held' && !awaitsApproval && (
        <p class="notice warn">
          It crashed too often. Its calls are blocked for up to a minute at a time, until one succeeds.
        </p>
      )}
      <PendingNotice connector={connector} reload={reload} />
      {errors.length > 0 && (
        <div class={`notice ${status === 'invalid' ? 'bad' : 'warn'}`}>
          <p>
            {status === 'invalid'
              ? 'Its bundle has errors:'
              : `The current files have errors; ${version ?? 'the last good version'} is still in use:`}
          </p>
          <ul class="reasons">
            {errors.map(({ field, message }) => (
              <li key={`${field} ${message}`}>
                {field && !message.startsWith(field) && <code>{field}</code>} {message}
              </li>
            ))}
          </ul>
        </div>
      )}
      {status !== 'invalid' && (
        <dl class="facts small">
          <dt>May reach</dt>
          <dd>
            {reach.length === 0 ? (
              'Nothing outside this server'
            ) : (
              <ul>
                {reach.map((where) => (
                  <li key={where}>{where}</li>
                ))}
              </ul>
            )}
          </dd>
          <dt>May change</dt>
          <dd>Its own integrations and their records</dd>
          <dt>Limits per run</dt>
          <dd>{limits.length === 0 ? 'The server’s defaults' : `At most ${limits.join(', ')}`}</dd>
        </dl>
      )}
      <div class="row apart push-down">
        <span class="muted small">{installs === 0 ? 'Not installed' : pluralize(installs, 'installation')}</span>
        {status !== 'invalid' && !awaitsApproval && (
          <button type="button" class="button primary" aria-label={`Install ${title}`} onClick={onInstall}>
            Install
          </button>
        )}
      </div>
    </li>
  );
}
