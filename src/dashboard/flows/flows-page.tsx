import type { IntegrationProps } from '../integration/integration-props.ts';
import { FlowList } from './flow-list.tsx';
import { FlowPage } from './flow-page.tsx';
import { JobPage } from './job-page.tsx';

interface FlowsPageProps extends IntegrationProps {
  /** Ids after the tab in the address: a flow's, and a job's. */
  readonly below: readonly string[];
}

/** The flows of an integration, one flow, or one job. */
export function FlowsPage({ integration: { _id }, below: [flowId, jobId] }: FlowsPageProps) {
  if (flowId === undefined) return <FlowList key={_id} integrationId={_id} />;
  if (jobId === undefined) return <FlowPage key={flowId} integrationId={_id} flowId={flowId} />;
  return <JobPage key={jobId} integrationId={_id} flowId={flowId} jobId={jobId} />;
}
