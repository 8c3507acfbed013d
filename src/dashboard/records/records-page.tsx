import { recordKinds } from '../api/types.ts';
import { Connections } from '../connections/connections.tsx';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { RecordList } from './record-list.tsx';

/** The records of an integration. Flows have a page of their own. */
export function RecordsPage({ integration }: IntegrationProps) {
  return (
    <div class="stack">
      <Connections integrationId={integration._id} />
      {recordKinds.map((kind) =>
        kind === 'connections' || kind === 'flows' ? null : (
          <RecordList key={kind} kind={kind} integrationId={integration._id} />
        ),
      )}
    </div>
  );
}
