import type { Tile } from '../api/types.ts';
import { DayChart } from './day-chart.tsx';
import { ScheduleList } from './schedule-list.tsx';

/** The last day of all flows, and what is ahead. */
export function FlowsOverview({ tiles }: { readonly tiles: readonly Tile[] }) {
  const withFlows = tiles.find(({ records }) => records.flows > 0);
  if (!withFlows) {
    return (
      <section class="card stack tight" aria-labelledby="flows-title">
        <h2 id="flows-title">No flows yet</h2>
        <p class="muted">
          Flows move records from one application to another. They come with the connectors that you install:{' '}
          <a href="#/connectors">see connectors</a>.
        </p>
      </section>
    );
  }
  return (
    <div class="panels">
      <DayChart withFlows={withFlows} />
      <ScheduleList withFlows={withFlows} />
    </div>
  );
}
