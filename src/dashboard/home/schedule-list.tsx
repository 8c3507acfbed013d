import type { Tile } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { Time } from '../app/time.tsx';
import { flowHref } from '../flows/flow-href.ts';
import { describeSchedule } from '../flows/schedule.ts';
import { FlowsLink } from './flows-link.tsx';
import { useSchedule } from './use-day.ts';

/** Which flows run next, over all integrations. */
export function ScheduleList({ withFlows }: { readonly withFlows: Tile }) {
  const { value: runs, error } = useSchedule();
  if (!runs) return error === undefined ? null : <ErrorNotice error={error} title="Could not load the schedule." />;
  return (
    <section class="card stack tight" aria-labelledby="schedule-title">
      <h2 id="schedule-title">Next on schedule</h2>
      {runs.length === 0 ? (
        <>
          <p>No flow has a schedule.</p>
          <FlowsLink tile={withFlows} todo="Open one to give it a schedule" />
        </>
      ) : (
        <ol class="notices">
          {runs.map(({ _flowId, _integrationId, name, integrationName, schedule, timezone, nextAt }) => (
            <li key={_flowId} class="upcoming">
              <p>
                <a href={flowHref(_integrationId, _flowId)}>{name}</a> <span class="muted">of {integrationName}</span>
                <br />
                <span class="small muted">
                  {describeSchedule(schedule)} ({timezone})
                </span>
              </p>
              <Time at={nextAt} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
