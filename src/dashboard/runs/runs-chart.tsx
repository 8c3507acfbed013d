import type { Run } from '../api/types.ts';
import { formatDuration, pluralize } from '../app/format.tsx';
import { outcomeNames, outcomeTones } from '../tiles/state.ts';

const BARS = 100;
const HEIGHT = 64;
const STEP = 8;

/** Durations of the last hundred runs, oldest on the left. Runs that did not succeed are marked. */
export function RunsChart({ runs }: { readonly runs: readonly Run[] }) {
  const shown = runs.slice(-BARS);
  const longest = Math.max(1, ...shown.map(({ wallMs }) => wallMs ?? 0));
  const succeeded = shown.filter(({ outcome }) => outcome === 'succeeded');
  const times = shown.flatMap(({ wallMs }) => wallMs ?? []).sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  // Square root, so that one long run does not flatten the others.
  const heightOf = (wallMs = 0): number => Math.max(3, Math.sqrt(wallMs / longest) * (HEIGHT - 12));
  const summary =
    `Last ${pluralize(shown.length, 'run')}: ${succeeded.length} succeeded. ` +
    `Longest ${formatDuration(longest)}, median ${formatDuration(median)}.`;
  return (
    <figure class="card stack tight">
      <div class="row apart">
        <h2>Last {pluralize(shown.length, 'run')}</h2>
        <span class="legend small muted">
          <span>
            <span class="dot good" aria-hidden="true" /> {succeeded.length} succeeded
          </span>
          <span>
            <span class="dot bad" aria-hidden="true" /> {shown.length - succeeded.length} did not
          </span>
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
              {run.outcome !== 'succeeded' && (
                <rect class="mark" x={x} y={HEIGHT - height - 7} width={STEP - 2} height="4" />
              )}
            </g>
          );
        })}
      </svg>
      <figcaption class="small muted">
        Longest {formatDuration(longest)}, median {formatDuration(median)}
      </figcaption>
    </figure>
  );
}
