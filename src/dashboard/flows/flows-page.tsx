import type { IntegrationProps } from '../integration/integration-props.ts';
import { RecordList } from '../records/record-list.tsx';

/** The flows of an integration. `?job=` in the address names a job to open, once the server runs flows. */
export function FlowsPage({ integration }: IntegrationProps) {
  return (
    <div class="stack">
      <p class="muted">A flow moves records from one application to the other, through exports and imports.</p>
      <RecordList kind="flows" integrationId={integration._id} />
    </div>
  );
}
