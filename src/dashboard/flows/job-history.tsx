import type { Job } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { formatDuration } from '../app/format.ts';
import { aboutIntegration } from '../app/use-resource.ts';
import { PAGE_ROWS, usePages } from '../records/use-pages.ts';
import { jobHref } from './flow-href.ts';
import { JobChart } from './job-chart.tsx';
import { durationOf, isActive, jobStateOf, triggerNames } from './job-state.ts';

/** Two jobs of a minute are told apart. */
const precise = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

interface JobHistoryProps {
  readonly integrationId: string;
  readonly flowId: string;
}

/** The jobs of a flow, newest first, with a chart. */
export function JobHistory({ integrationId, flowId }: JobHistoryProps) {
  const { value, error, loadMore } = usePages<Job>(
    `/jobs?_flowId=${flowId}&limit=${PAGE_ROWS}&exclude=steps,errorIds`,
    (event) => aboutIntegration(integrationId, 'job.')(event) && event.data._flowId === flowId,
  );
  if (!value) {
    return error === undefined ? (
      <p role="status">Loading jobs…</p>
    ) : (
      <ErrorNotice error={error} title="Could not load the jobs." />
    );
  }
  if (value.rows.length === 0) {
    return (
      <section class="empty card">
        <h2>No jobs yet</h2>
        <p class="muted">Each run of the flow is a job. Those of the last 30 days appear here.</p>
      </section>
    );
  }
  const ended = value.rows.filter((job) => !isActive(job));
  return (
    <section class="stack" aria-labelledby="history-title">
      <h2 id="history-title">History</h2>
      {ended.length > 1 && <JobChart jobs={ended.toReversed()} />}
      <div class="card table-card">
        <table class="runs">
          <caption class="visually-hidden">Jobs, newest first</caption>
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">Outcome</th>
              <th scope="col">Started</th>
              {['Duration', 'Read', 'Succeeded', 'Failed'].map((name) => (
                <th key={name} scope="col" class="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {value.rows.map((job) => (
              <JobRow key={job._id} job={job} />
            ))}
          </tbody>
        </table>
      </div>
      {value.hasMore && (
        <div class="row">
          <button type="button" class="button" onClick={loadMore}>
            Show more jobs
          </button>
          <span class="muted small">{value.rows.length.toLocaleString()} shown</span>
        </div>
      )}
    </section>
  );
}

function JobRow({ job }: { readonly job: Job }) {
  const { name, tone } = jobStateOf(job);
  return (
    <tr>
      <th scope="row">
        <a href={jobHref(job)}>
          <time dateTime={job.createdAt}>{precise.format(new Date(job.createdAt))}</time>
          <span class="visually-hidden">, job</span>
        </a>
        {job.type === 'retry' && <span class="small muted"> Retry</span>}
      </th>
      <td>
        <span class={`badge ${tone}`}>{name}</span>
      </td>
      <td>{triggerNames[job.triggeredBy]}</td>
      <td class="number" data-label="Duration">
        {formatDuration(durationOf(job))}
      </td>
      <td class="number" data-label="Read">
        {job.numExport.toLocaleString()}
      </td>
      <td class="number" data-label="Succeeded">
        {job.numSuccess.toLocaleString()}
      </td>
      <td class="number" data-label="Failed">
        {job.numError.toLocaleString()}
      </td>
    </tr>
  );
}
