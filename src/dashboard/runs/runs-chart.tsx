import type { Run } from '../api/types.ts';
import { formatDuration, pluralize } from '../app/format.ts';
import { outcomeNames, outcomeTones } from '../tiles/state.ts';
import { summaryOf } from './run-summary.ts';

const BARS = 100;
const HEIGHT = 64;
const STEP = 8;

/** Durations of the last hundred runs, oldest on the left. Runs that did not succeed are marked. */
export function RunsChart({ runs }: { readonly runs: readonly Run[] }) {
  const shown = runs.slice(-BARS);
  const { succeeded, running, others, longest, median } = summaryOf(shown);
  // Square root, so that one long run does not flatten the others.
  const heightOf = (wallMs = 0): number => Math.max(3, Math.sqrt(wallMs / Math.max(longest ?? 0, 1)) * (HEIGHT - 12));
  const times = `Longest ${formatDuration(longest)}, median ${formatDuration(median)}`;
  const summary =
    `Last ${pluralize(shown.length, 'run')}: ${succeeded} succeeded, ${others} did not` +
    `${running > 0 ? `, ${running} still running` : ''}. ${times}.`;
  return (
    <figure class="card stack tight">
      <div class="row apart">
        <h2>Last {pluralize(shown.length, 'run')}</h2>
        <span class="legend small muted">
          <span>
            <span class="dot good" aria-hidden="true" /> {succeeded} succeeded
          </span>
          <span>
            <span class="dot bad" aria-hidden="true" /> {others} did not
          </span>
          {running > 0 && (
            <span>
              <span class="dot accent" aria-hidden="true" /> {running} still running
            </span>
          )}
        </span>
      </div>
      <svg
        class="chart"
        role="img"
        aria-label={summary}
        viewBox={`0 0 ${BARS * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        <line class="axis" x1="0" x2={BARS * STEP} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
        {shown.map((run, index) => {
          const height = heightOf(run.wallMs);
          const x = (BARS - shown.length + index) * STEP + 1;
          return (
            <g key={run._id} class={`bar ${outcomeTones[run.outcome]}`}>
              <title>{`${run.function}: ${outcomeNames[run.outcome]}, ${formatDuration(run.wallMs)}`}</title>
              <rect x={x} y={HEIGHT - height} width={STEP - 2} height={height} />
              {run.outcome !== 'succeeded' && run.outcome !== 'running' && (
                <rect class="mark" x={x} y={HEIGHT - height - 7} width={STEP - 2} height="4" />
              )}
            </g>
          );
        })}
      </svg>
      <figcaption class="small muted">{times}</figcaption>
    </figure>
  );
}
