import type { Job } from '../api/types.ts';
import { formatDuration, pluralize } from '../app/format.ts';
import { median } from '../app/median.ts';
import { Time } from '../app/time.tsx';
import { BarChart } from './bar-chart.tsx';
import { durationOf, figuresOf, jobStateOf } from './job-state.ts';

const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** Records of each ended job, oldest on the left. The table has all figures. */
export function JobChart({ jobs }: { readonly jobs: readonly Job[] }) {
  const completed = jobs.filter(({ status }) => status === 'completed');
  const duration = median(completed.flatMap((job) => durationOf(job) ?? []));
  const records = median(completed.map(({ numExport }) => numExport)) ?? 0;
  const summary =
    completed.length === 0
      ? 'None has completed.'
      : `Completed jobs: median duration ${formatDuration(duration)}, median ${pluralize(records, 'record')} read.`;
  const isOneDay = jobs[0]?.createdAt.slice(0, 10) === jobs.at(-1)?.createdAt.slice(0, 10);
  const bars = jobs.map(({ createdAt, numSuccess, numError }) => ({
    label: (isOneDay ? time : date).format(new Date(createdAt)),
    good: numSuccess,
    bad: numError,
  }));
  const textOf = (job: Job): string => `${jobStateOf(job).name}, ${figuresOf(job)}, ${formatDuration(durationOf(job))}`;
  const jobAt = (index: number): Job => jobs[index] as Job;
  return (
    <BarChart
      heading={<h3>Records of the last {pluralize(jobs.length, 'job')}</h3>}
      bars={bars}
      unit="Records"
      names={{ good: 'succeeded', bad: 'failed' }}
      label={`Chart of the records of the last ${pluralize(jobs.length, 'job')}. ${summary}`}
      sliderLabel="Job in the chart"
      textOf={(index) => `${new Date(jobAt(index).createdAt).toLocaleString()}: ${textOf(jobAt(index))}`}
      captionOf={(index) => (
        <>
          <Time at={jobAt(index).createdAt} />: {textOf(jobAt(index))}
        </>
      )}
      summary={summary}
    />
  );
}
