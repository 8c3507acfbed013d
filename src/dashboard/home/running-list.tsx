import type { Job, Tile } from '../api/types.ts';
import { integrationHref, runHref } from '../app/address.ts';
import { Time } from '../app/time.tsx';
import { jobHref } from '../flows/flow-href.ts';
import { isActive } from '../flows/job-state.ts';
import { isRunning } from '../tiles/state.ts';

/** Shown at most; the tiles can be filtered for the rest. */
const SHOWN = 5;

interface Running {
  readonly key: string;
  readonly name: string;
  readonly tag: string | undefined;
  readonly text: string;
  readonly at: string | undefined;
  readonly href: string;
}

interface RunningListProps {
  readonly tiles: readonly Tile[];
  readonly jobs: readonly Job[];
}

/** What is running now. Renders nothing if nothing is. */
export function RunningList({ tiles, jobs }: RunningListProps) {
  const rows = runningOf(tiles, jobs);
  if (rows.length === 0) return null;
  return (
    <section class="card stack tight" aria-labelledby="running-title">
      <h2 id="running-title">Working now</h2>
      <ul class="notices">
        {rows.slice(0, SHOWN).map(({ key, name, tag, text, at, href }) => (
          <li key={key} class="notice-row">
            <p>
              <span class="dot accent pulse" aria-hidden="true" /> <strong>{name}</strong>
              {tag && <span class="muted"> ({tag})</span>} {text}
              {at !== undefined && (
                <>
                  {' since '}
                  <Time at={at} />
                </>
              )}
              .
            </p>
            <a class="button small" href={href} aria-label={`Watch: ${name}${tag ? ` (${tag})` : ''}`}>
              Watch
            </a>
          </li>
        ))}
      </ul>
      {rows.length > SHOWN && (
        <p class="small">
          <a href="#/?state=running">Show all {rows.length}</a>
        </p>
      )}
    </section>
  );
}

function runningOf(tiles: readonly Tile[], jobs: readonly Job[]): readonly Running[] {
  const byId = new Map(tiles.map((tile) => [tile._integrationId, tile]));
  const runs = tiles.filter(isRunning).map(({ _integrationId: id, name, tag, lastRun, updateInProgress }) => ({
    key: id,
    name,
    tag,
    text: updateInProgress ? 'is being updated' : 'has been working',
    at: lastRun?.outcome === 'running' ? lastRun.startedAt : undefined,
    href: lastRun?.outcome === 'running' ? runHref(id, lastRun._id) : integrationHref(id),
  }));
  const flows = jobs.filter(isActive).flatMap((job): Running[] => {
    const tile = byId.get(job._integrationId);
    if (!tile) return [];
    const { name, tag } = tile;
    const text = job.status === 'queued' ? 'has a flow that waits for its turn' : 'has been running a flow';
    return [{ key: job._id, name, tag, text, at: job.startedAt, href: jobHref(job) }];
  });
  return [...flows, ...runs];
}
