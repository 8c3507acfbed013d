import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Job } from '../api/types.ts';
import { formatDuration, pluralize } from '../app/format.ts';
import { median } from '../app/median.ts';
import { Time } from '../app/time.tsx';
import type { DrawnChart } from './draw-chart.ts';
import { durationOf, figuresOf, jobStateOf } from './job-state.ts';

/** Records of each ended job, oldest on the left. The slider below walks through the jobs; the table has all figures. */
export function JobChart({ jobs }: { readonly jobs: readonly Job[] }) {
  const id = useId();
  const [selected, setSelected] = useState<number>();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<DrawnChart>(undefined);
  const isDark = useIsDark();
  const key = jobs.map(({ _id, numSuccess, numError }) => `${_id} ${numSuccess} ${numError}`).join();
  useEffect(() => {
    let isGone = false;
    // The library is loaded with the first chart.
    void import('./draw-chart.ts').then(({ drawChart }) => {
      if (!isGone && place.current) chart.current = drawChart(place.current, jobs, setSelected);
    });
    return () => {
      isGone = true;
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [key, isDark]);
  const completed = jobs.filter(({ status }) => status === 'completed');
  const duration = median(completed.flatMap((job) => durationOf(job) ?? []));
  const records = median(completed.map(({ numExport }) => numExport)) ?? 0;
  const summary =
    completed.length === 0
      ? 'None has completed.'
      : `Completed jobs: median duration ${formatDuration(duration)}, median ${pluralize(records, 'record')} read.`;
  const index = Math.min(selected ?? jobs.length - 1, jobs.length - 1);
  const job = jobs[index] as Job;
  const text = `${jobStateOf(job).name}, ${figuresOf(job)}, ${formatDuration(durationOf(job))}`;
  return (
    <figure class="card stack tight">
      <div class="row apart">
        <h3>Records of the last {pluralize(jobs.length, 'job')}</h3>
        <span class="legend small muted">
          <span>
            <span class="dot good" aria-hidden="true" /> succeeded
          </span>
          <span>
            <span class="dot bad" aria-hidden="true" /> failed
          </span>
        </span>
      </div>
      <div
        class="flow-chart"
        ref={place}
        role="img"
        aria-label={`Chart of the records of the last ${pluralize(jobs.length, 'job')}. ${summary}`}
      />
      <label class="visually-hidden" for={id}>
        Job in the chart
      </label>
      <input
        id={id}
        type="range"
        class="chart-slider"
        min={0}
        max={jobs.length - 1}
        value={index}
        aria-valuetext={`${new Date(job.createdAt).toLocaleString()}: ${text}`}
        onInput={({ currentTarget: { valueAsNumber } }) => {
          setSelected(valueAsNumber);
          chart.current?.select(valueAsNumber);
        }}
      />
      <figcaption class="small row apart">
        <span>
          <Time at={job.createdAt} />: {text}
        </span>
        <span class="muted">{summary}</span>
      </figcaption>
    </figure>
  );
}

/** A canvas does not follow the colours of the page. */
function useIsDark(): boolean {
  const [query] = useState(() => window.matchMedia('(prefers-color-scheme: dark)'));
  const [isDark, setIsDark] = useState(query.matches);
  useEffect(() => {
    const onChange = (): void => setIsDark(query.matches);
    query.addEventListener('change', onChange);
    return () => query.removeEventListener('change', onChange);
  }, [query]);
  return isDark;
}
