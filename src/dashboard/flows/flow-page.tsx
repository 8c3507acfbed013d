import { ApiError } from '../api/api-error.ts';
import type { Job } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { aboutIntegration, useResource } from '../app/use-resource.ts';
import { useTitle } from '../app/use-title.ts';
import { FlowControls } from './flow-controls.tsx';
import { FlowDrawing } from './flow-drawing.tsx';
import { FlowErrors } from './flow-errors.tsx';
import { flowsHref, jobHref } from './flow-href.ts';
import { changesRecords } from './flow-list.tsx';
import type { FlowRecord } from './flow-types.ts';
import { JobHistory } from './job-history.tsx';
import { JobLive } from './job-live.tsx';
import { isActive } from './job-state.ts';
import { ScheduleCard } from './schedule-card.tsx';
import { useFlowActions } from './use-flow.ts';

interface FlowPageProps {
  readonly integrationId: string;
  readonly flowId: string;
}

/** One flow: its drawing, schedule, webhooks and history. */
export function FlowPage({ integrationId, flowId }: FlowPageProps) {
  const flow = useResource<FlowRecord>({
    key: flowId,
    load: (client, signal) => client.get<FlowRecord>(`/flows/${flowId}`, signal),
    isAffected: changesRecords(integrationId, 'flows'),
    minIntervalMs: 500,
  });
  const latest = useResource<Job | undefined>({
    key: `latest job of ${flowId}`,
    load: async (client, signal) => (await client.get<Job[]>(`/flows/${flowId}/jobs/latest`, signal))[0],
    isAffected: (event) => aboutIntegration(integrationId, 'job.')(event) && event.data._flowId === flowId,
    minIntervalMs: 300,
  });
  useTitle(flow.value?.name);
  const isMissing =
    (flow.error instanceof ApiError && flow.error.status === 404) ||
    (flow.value && flow.value._integrationId !== integrationId);
  if (isMissing) {
    return (
      <div class="empty card">
        <h2>Flow not found</h2>
        <p class="muted">It may have been removed.</p>
        <a class="button primary" href={flowsHref(integrationId)}>
          All flows
        </a>
      </div>
    );
  }
  if (!flow.value) {
    return flow.error === undefined ? (
      <p role="status">Loading the flow…</p>
    ) : (
      <ErrorNotice error={flow.error} title="Could not load the flow." />
    );
  }
  return (
    <LoadedFlow flow={flow.value} job={latest.value} reload={() => Promise.all([flow.reload(), latest.reload()])} />
  );
}

interface LoadedFlowProps {
  readonly flow: FlowRecord;
  readonly job: Job | undefined;
  readonly reload: () => Promise<unknown>;
}

function LoadedFlow({ flow, job, reload }: LoadedFlowProps) {
  const actions = useFlowActions(flow, reload);
  const { _id, _integrationId, name } = flow;
  return (
    <div class="stack">
      <p class="small">
        <a href={flowsHref(_integrationId)}>All flows</a>
      </p>
      <div class="row apart">
        <h2>{name}</h2>
        <FlowControls flow={flow} job={job} actions={actions} />
      </div>
      {flow.disabled === true && (
        <p class="notice">
          The flow is off: neither its schedule nor a webhook starts it. What webhooks receive waits.
        </p>
      )}
      <FlowErrors actions={actions} />
      {job && isActive(job) && (
        <section class="card stack tight" aria-label="Running job">
          <JobLive job={job} />
          <a class="small" href={jobHref(job)}>
            Watch the job
          </a>
        </section>
      )}
      <FlowDrawing flow={flow} job={job} />
      <ScheduleCard flow={flow} onSaved={reload} />
      <JobHistory integrationId={_integrationId} flowId={_id} />
    </div>
  );
}
