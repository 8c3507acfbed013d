import type { JobHour, Tile } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { BarChart } from '../flows/bar-chart.tsx';
import { FlowsLink } from './flows-link.tsx';
import { useJobHours } from './use-day.ts';

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const TITLE = 'Jobs of the last 24 hours';

interface DayChartProps {
  /** An integration with flows. */
  readonly withFlows: Tile;
}

/** How the jobs of all flows went in the last day, hour by hour. */
export function DayChart({ withFlows }: DayChartProps) {
  const { value: hours, error } = useJobHours();
  if (!hours) return error === undefined ? null : <ErrorNotice error={error} title="Could not count the jobs." />;
  const total = hours.reduce((sum, hour) => sum + jobsIn(hour), 0);
  if (total === 0) return <NoJobs withFlows={withFlows} />;
  const isComplete = hours.every((hour) => hour.isComplete);
  const sum = (of: (hour: JobHour) => number): number => hours.reduce((total, hour) => total + of(hour), 0);
  const summary = `${isComplete ? '' : 'More than '}${pluralize(total, 'job')}: ${inWords({
    completed: sum(({ completed }) => completed),
    failed: sum(({ failed }) => failed),
    canceled: sum(({ canceled }) => canceled),
    active: sum(({ active }) => active),
  })}.`;
  const hourAt = (index: number): JobHour => hours[index] as JobHour;
  const textOf = (index: number): string => `${spanOf(hourAt(index))}: ${hourInWords(hourAt(index))}`;
  return (
    <BarChart
      heading={<h2>{TITLE}</h2>}
      bars={hours.map(({ from, completed, failed }) => ({
        label: time.format(new Date(from)),
        good: completed,
        bad: failed,
      }))}
      unit="Jobs"
      names={{ good: 'completed', bad: 'failed' }}
      label={`Chart of the jobs of the last 24 hours, by hour. ${summary}`}
      sliderLabel="Hour in the chart"
      textOf={textOf}
      captionOf={textOf}
      summary={summary}
    >
      <details class="small">
        <summary>Show as a table</summary>
        <HoursTable hours={hours.filter((hour) => jobsIn(hour) > 0)} />
      </details>
    </BarChart>
  );
}

function NoJobs({ withFlows }: DayChartProps) {
  return (
    <section class="card stack tight" aria-labelledby="day-title">
      <h2 id="day-title">{TITLE}</h2>
      <p>No flow has run.</p>
      <FlowsLink tile={withFlows} todo="Run one" />
    </section>
  );
}

/** Newest first. */
function HoursTable({ hours }: { readonly hours: readonly JobHour[] }) {
  return (
    <table class="runs">
      <caption class="visually-hidden">{TITLE}, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Hour</th>
          {['Completed', 'Failed', 'Cancelled', 'Not ended'].map((name) => (
            <th key={name} scope="col" class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {hours.toReversed().map((hour) => (
          <tr key={hour.from}>
            <th scope="row">
              {spanOf(hour)}
              {!hour.isComplete && ' (at least)'}
            </th>
            {(['completed', 'failed', 'canceled', 'active'] as const).map((name) => (
              <td key={name} class="number" data-label={columnNames[name]}>
                {hour[name].toLocaleString()}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const columnNames = { completed: 'Completed', failed: 'Failed', canceled: 'Cancelled', active: 'Not ended' } as const;

const jobsIn = ({ completed, failed, canceled, active }: Counts): number => completed + failed + canceled + active;

const spanOf = ({ from }: JobHour): string => {
  const start = new Date(from);
  return `${time.format(start)}–${time.format(new Date(start.getTime() + 3_600_000))}`;
};

type Counts = Pick<JobHour, 'completed' | 'failed' | 'canceled' | 'active'>;

function hourInWords(hour: JobHour): string {
  if (jobsIn(hour) === 0) return 'no jobs';
  return `${hour.isComplete ? '' : 'at least '}${inWords(hour)}`;
}

function inWords({ completed, failed, canceled, active }: Counts): string {
  const parts = [`${completed.toLocaleString()} completed`, `${failed.toLocaleString()} failed`];
  if (canceled > 0) parts.push(`${canceled.toLocaleString()} cancelled`);
  if (active > 0) parts.push(`${active.toLocaleString()} not ended yet`);
  return parts.join(', ');
}
