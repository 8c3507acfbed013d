import type { Job } from '../api/types.ts';
import { Time } from '../app/time.tsx';
import { FlowControls } from './flow-controls.tsx';
import { FlowErrors } from './flow-errors.tsx';
import { flowHref, jobHref } from './flow-href.ts';
import { startsOf } from './flow-steps.ts';
import type { FlowRecord } from './flow-types.ts';
import { figuresOf, isActive, jobStateOf } from './job-state.ts';
import { useFlowActions } from './use-flow.ts';

interface FlowRowProps {
  readonly flow: FlowRecord;
  readonly job: Job | undefined;
  readonly areJobsLoaded: boolean;
  /** Ids of the webhook exports of the integration. */
  readonly webhooks: ReadonlySet<string>;
  readonly reload: () => Promise<unknown>;
}

/** A flow of the list: when it starts, and how its last job went. */
export function FlowRow({ flow, job, areJobsLoaded, webhooks, reload }: FlowRowProps) {
  const actions = useFlowActions(flow, reload);
  const { _id, _integrationId, name } = flow;
  return (
    <li class="record flow-row">
      <div class="row apart">
        <div class="record-name">
          <a class="flow-name" href={flowHref(_integrationId, _id)}>
            {name}
          </a>
          <span class="muted small">{startsOf(flow, webhooks)}</span>
        </div>
        <FlowControls flow={flow} job={job} actions={actions} />
      </div>
      {(job || areJobsLoaded) && <LastJob job={job} />}
      <FlowErrors actions={actions} />
    </li>
  );
}

function LastJob({ job }: { readonly job: Job | undefined }) {
  if (!job) return <p class="small muted">It has not run in the last 30 days.</p>;
  const { name, tone } = jobStateOf(job);
  return (
    <p class="row small">
      <span class={`badge ${tone}`}>{name}</span>
      <span>{figuresOf(job)}</span>
      <a href={jobHref(job)}>
        {isActive(job) ? 'Watch the job' : 'Job of '}
        {!isActive(job) && <Time at={job.createdAt} />}
      </a>
    </p>
  );
}
