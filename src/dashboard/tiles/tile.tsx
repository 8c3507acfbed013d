import type { Tile } from '../api/types.ts';
import { pluralize, Time } from '../app/format.tsx';
import { Logo } from '../app/logo.tsx';
import { integrationHref } from '../app/route.ts';
import { outcomeNames, outcomeTones, stateNames, stateOf, stateTones } from './state.ts';

interface TileProps {
  readonly tile: Tile;
  /** The connector's title, if known. */
  readonly connector: string | undefined;
}

/** One integration. The whole tile links to its page. */
export function TileCard({ tile, connector }: TileProps) {
  const { _integrationId, _connectorId, name, tag, imageURL, version, lastRun, offlineConnections, steps } = tile;
  const state = stateOf(tile);
  const hasSteps = (state === 'install' || state === 'uninstall') && steps.total > 0;
  const records = Object.values(tile.records).reduce((sum, count) => sum + count, 0);
  return (
    <li class="tile">
      <div class="tile-head">
        <Logo name={name} imageURL={imageURL} connectorId={_connectorId} />
        <div class="tile-name">
          <h2>
            <a href={integrationHref(_integrationId)}>{name}</a>
          </h2>
          <p class="muted small">
            {connector && connector !== name ? `${connector} ` : ''}
            {version ?? (_connectorId ? '' : 'No connector')}
          </p>
        </div>
      </div>
      <div class="row">
        {tag && <span class="badge tag">{tag}</span>}
        <span class={`badge ${stateTones[state]}`}>{stateNames[state]}</span>
        {tile.updateInProgress && <span class="badge accent">Updating…</span>}
        {tile.update && !tile.updateInProgress && (
          <span class="badge accent">Update to {tile.update.version} available</span>
        )}
        {offlineConnections.length > 0 && (
          <span class="badge bad">{pluralize(offlineConnections.length, 'connection')} offline</span>
        )}
      </div>
      {hasSteps && (
        <div class="tile-steps">
          <progress max={steps.total} value={steps.completed} aria-label={`Steps of ${name}`} />
          <span class="small muted">
            {steps.completed} of {pluralize(steps.total, 'step')}
          </span>
        </div>
      )}
      <p class="tile-foot small muted">
        {lastRun ? (
          <span>
            <span class={`dot ${outcomeTones[lastRun.outcome]}`} aria-hidden="true" /> {outcomeNames[lastRun.outcome]}:{' '}
            {lastRun.function}, <Time at={lastRun.startedAt} />
          </span>
        ) : (
          <span>No runs yet</span>
        )}
        <span>{pluralize(records, 'record')}</span>
      </p>
    </li>
  );
}
