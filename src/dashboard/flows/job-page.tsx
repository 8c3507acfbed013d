import { useEffect, useRef } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import type { Job } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { formatDuration } from '../app/format.ts';
import { useSession } from '../app/session.ts';
import { Time } from '../app/time.tsx';
import { aboutIntegration, useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { adviceFor } from './advice.ts';
import { FlowDrawing } from './flow-drawing.tsx';
import { FlowErrors } from './flow-errors.tsx';
import { flowHref, flowsHref, jobHref } from './flow-href.ts';
import type { FlowRecord } from './flow-types.ts';
import { JobErrors } from './job-errors.tsx';
import { JobLive } from './job-live.tsx';
import { durationOf, figuresOf, isActive, jobStateOf, triggerNames } from './job-state.ts';
import { useFlowActions } from './use-flow.ts';

interface JobPageProps {
  readonly integrationId: string;
  readonly flowId: string;
  readonly jobId: string;
}

interface Loaded {
  readonly job: Job;
  readonly flow: FlowRecord;
}

/** One job: how far it is, what it has done at each step, and the records that failed. */
export function JobPage({ integrationId, flowId, jobId }: JobPageProps) {
  const { value, error, reload } = useResource<Loaded>({
    key: jobId,
    load: async (client, signal) => {
      const [job, flow] = await Promise.all([
        client.get<Job>(`/jobs/${jobId}`, signal),
        client.get<FlowRecord>(`/flows/${flowId}`, signal),
      ]);
      return { job, flow };
    },
    isAffected: (event) => aboutIntegration(integrationId, 'job.')(event) && event.data._flowId === flowId,
    minIntervalMs: 300,
  });
  useTitle(value && `Job of ${value.flow.name}`);
  const isMissing = error instanceof ApiError && error.status === 404;
  if (isMissing || (value && (value.job._flowId !== flowId || value.job._integrationId !== integrationId))) {
    return (
      <div class="empty card">
        <h2>Job not found</h2>
        <p class="muted">Jobs are kept for 30 days.</p>
        <a class="button primary" href={flowsHref(integrationId)}>
          All flows
        </a>
      </div>
    );
  }
  if (!value) {
    return error === undefined ? (
      <p role="status">Loading the job…</p>
    ) : (
      <ErrorNotice error={error} title="Could not load the job." />
    );
  }
  return <LoadedJob {...value} reload={reload} />;
}

function LoadedJob({ job, flow, reload }: Loaded & { readonly reload: () => Promise<void> }) {
  const actions = useFlowActions(flow, reload);
  const heading = useRef<HTMLHeadingElement>(null);
  const { name, tone } = jobStateOf(job);
  const isOngoing = isActive(job);
  const { cancel } = actions;
  const { announce } = useSession();
  const wasOngoing = useRef(isOngoing);
  useEffect(() => {
    if (wasOngoing.current && !isOngoing) announce(`The job has ended. ${name}: ${figuresOf(job)}.`);
    wasOngoing.current = isOngoing;
  }, [isOngoing]);
  return (
    <div class="stack">
      <p class="small row">
        <a href={flowsHref(flow._integrationId)}>All flows</a>
        <span aria-hidden="true">›</span>
        <a href={flowHref(flow._integrationId, flow._id)}>{flow.name}</a>
      </p>
      <div class="row apart">
        <h2 ref={heading} tabIndex={-1}>
          {job.type === 'retry' ? 'Retry of ' : 'Job of '}
          <Time at={job.createdAt} />
        </h2>
        {isOngoing && (
          <button
            type="button"
            class="button"
            aria-disabled={cancel.isRunning || job.status === 'canceling'}
            onClick={() => {
              if (job.status === 'canceling') return;
              void cancel.run(job).then(() => heading.current?.focus());
            }}
          >
            {cancel.isRunning || job.status === 'canceling' ? 'Cancelling…' : 'Cancel job'}
          </button>
        )}
      </div>
      <FlowErrors actions={actions} />
      {isOngoing ? (
        <section class="card" aria-label="Progress">
          <JobLive job={job} />
        </section>
      ) : (
        <p class="row">
          <span class={`badge ${tone}`}>{name}</span>
          <span>{figuresOf(job)}</span>
          <span class="muted">
            {triggerNames[job.triggeredBy]} · {formatDuration(durationOf(job))}
          </span>
        </p>
      )}
      {job._retryOfJobId !== undefined && (
        <p class="small">
          It sends records again that failed in <a href={jobHref({ ...job, _id: job._retryOfJobId })}>an earlier job</a>
          .
        </p>
      )}
      <JobProblem job={job} />
      <FlowDrawing flow={flow} job={job} />
      <JobErrors key={job._id} job={job} flow={flow} onChanged={reload} />
    </div>
  );
}

/** Why the job as a whole has failed, and what to do. */
function JobProblem({ job: { errors = [], status } }: { readonly job: Job }) {
  if (status !== 'failed' || errors.length === 0) return null;
  const advice = [...new Set(errors.map(({ code }) => adviceFor(code)))];
  return (
    <>
      <ErrorNotice error={new ApiError(422, errors)} title="The job has failed." />
      {advice.map((text) => (
        <p key={text} class="small">
          {text}
        </p>
      ))}
    </>
  );
}
