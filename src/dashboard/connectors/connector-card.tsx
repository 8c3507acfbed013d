import type { Connector, Tile } from '../api/types.ts';
import { connectorHref } from '../app/address.ts';
import { pluralize } from '../app/format.ts';
import { hueOf, Logo } from '../app/logo.tsx';
import { canBeInstalled, StatusBadge, StatusLine } from './connector-status.tsx';
import { describeReach } from './describe-permissions.ts';

interface ConnectorCardProps {
  readonly connector: Connector;
  /** The integrations using it. */
  readonly installs: readonly Tile[];
  readonly onInstall: () => void;
}

/** A connector in the list. Its page has the rest. */
export function ConnectorCard({ connector, installs, onInstall }: ConnectorCardProps) {
  const { _id, title, name, version, description, imageURL, status } = connector;
  const reach = describeReach(connector);
  const outdated = installs.filter(({ update }) => update !== undefined).length;
  return (
    <li class={`tile connector edge-${hueOf(title)}`}>
      <div class="tile-head">
        <Logo name={title} imageURL={imageURL} connectorId={_id} />
        <div class="tile-name">
          <h2>
            <a href={connectorHref(_id)}>{title}</a>
          </h2>
          <p class="muted small">
            {name} {version}
          </p>
        </div>
        <StatusBadge connector={connector} />
      </div>
      {description && <p>{description}</p>}
      <StatusLine connector={connector} />
      {status !== 'invalid' && (
        <p class="small muted">
          {reach.length === 0 ? 'Reaches nothing outside this server.' : `May reach ${reach.join('; ')}.`}
        </p>
      )}
      <div class="row apart push-down">
        <span class="muted small">
          {installs.length === 0 ? 'Not installed yet' : `${pluralize(installs.length, 'integration')}`}
          {outdated > 0 && (
            <>
              {', '}
              <a href={connectorHref(_id)}>{outdated === 1 ? '1 can be updated' : `${outdated} can be updated`}</a>
            </>
          )}
        </span>
        {canBeInstalled(connector) && (
          <button type="button" class="button primary" aria-label={`Install ${title}`} onClick={onInstall}>
            Install
          </button>
        )}
      </div>
    </li>
  );
}
