import type { LastJob, Tile } from '../api/types.ts';
import { integrationHref } from '../app/address.ts';
import { pluralize } from '../app/format.ts';
import { hueOf, Logo } from '../app/logo.tsx';
import { Time } from '../app/time.tsx';
import { jobStateOf } from '../flows/job-state.ts';
import { lastRunNames, outcomeTones, stateNames, stateOf, stateTones } from './state.ts';

interface TileProps {
  readonly tile: Tile;
  /** The connector's title, if known. */
  readonly connector: string | undefined;
}

/** One integration. The whole tile links to its page. */
export function TileCard({ tile, connector }: TileProps) {
  const { _integrationId, _connectorId, name, tag, imageURL, version, lastRun, lastJob, offlineConnections, steps } =
    tile;
  const state = stateOf(tile);
  const hasSteps = (state === 'install' || state === 'uninstall') && steps.total > 0;
  /** All tiles of a connector look alike, whatever their names. */
  const kind = connector ?? (_connectorId === undefined ? name : _connectorId);
  return (
    <li class={`tile edge-${hueOf(kind)}`}>
      <div class="tile-head">
        <Logo name={connector ?? name} hue={kind} imageURL={imageURL} connectorId={_connectorId} />
        <div class="tile-name">
          <h3>
            <a href={integrationHref(_integrationId)}>{name}</a>
          </h3>
          <p class="muted small">
            {_connectorId === undefined ? 'Made by hand' : `${connector ?? 'Missing connector'} ${version ?? ''}`}
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
            {steps.completed} of {pluralize(steps.total, 'step')} done
          </span>
        </div>
      )}
      {lastJob && <LastJobLine job={lastJob} />}
      <p class="tile-foot small muted">
        {lastJob && lastRun?.outcome === 'succeeded' ? null : lastRun ? (
          <span>
            <span class={`dot ${outcomeTones[lastRun.outcome]}`} aria-hidden="true" /> {lastRunNames[lastRun.outcome]}{' '}
            <Time at={lastRun.startedAt} />
          </span>
        ) : (
          <span>{_connectorId === undefined ? 'Groups records' : 'Has not run yet'}</span>
        )}
        <span>{contentsOf(tile)}</span>
      </p>
    </li>
  );
}

/** The last job of any of its flows: how it went, with how many records, and when. */
function LastJobLine({ job }: { readonly job: LastJob }) {
  const { name, tone } = jobStateOf(job);
  return (
    <p class="small">
      <span class={`dot ${tone}`} aria-hidden="true" /> Last flow: {name.toLowerCase()}, {recordsOf(job)},{' '}
      <Time at={job.endedAt ?? job.createdAt} />
    </p>
  );
}

function recordsOf({ numSuccess, numError }: LastJob): string {
  const records = pluralize(numSuccess + numError, 'record');
  return numError === 0 ? records : `${records}, ${numError.toLocaleString()} of them failed`;
}

function contentsOf({ records: { connections, flows } }: Tile): string {
  const counts = [
    ...(flows === 0 ? [] : [pluralize(flows, 'flow')]),
    ...(connections === 0 ? [] : [pluralize(connections, 'connection')]),
  ];
  return counts.join(', ');
}
