import { recordKinds, type StoredRecord } from '../api/types.ts';
import { Problem } from '../app/problem.tsx';
import { ofIntegration } from '../app/use-resource.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { Connections } from './connections.tsx';
import { RecordRow } from './record-row.tsx';
import { PAGE_ROWS, usePages } from './use-pages.ts';

const titles = { exports: 'Exports', imports: 'Imports', flows: 'Flows' } as const;

/** What an integration groups. */
export function RecordsPage({ integration }: IntegrationProps) {
  return (
    <div class="stack">
      <Connections integrationId={integration._id} />
      {recordKinds.map((kind) =>
        kind === 'connections' ? null : <Group key={kind} kind={kind} integrationId={integration._id} />,
      )}
    </div>
  );
}

interface GroupProps {
  readonly kind: keyof typeof titles;
  readonly integrationId: string;
}

function Group({ kind, integrationId }: GroupProps) {
  const { value, error, more } = usePages<StoredRecord>(
    `/${kind}?_integrationId=${integrationId}&limit=${PAGE_ROWS}`,
    ofIntegration(integrationId, 'integration.'),
  );
  return (
    <section class="card stack" aria-labelledby={`${kind}-title`}>
      <div class="row apart">
        <h2 id={`${kind}-title`}>{titles[kind]}</h2>
        {value?.rows.length === 0 && <span class="muted">None</span>}
      </div>
      {!value && <Problem error={error} title={`The ${kind} cannot be read.`} />}
      {value && value.rows.length > 0 && (
        <ul class="records">
          {value.rows.map((record) => (
            <RecordRow key={record._id} record={record} />
          ))}
        </ul>
      )}
      {value?.hasMore && (
        <div class="row">
          <button type="button" class="button" onClick={more}>
            Show more {kind}
          </button>
          <span class="muted small">{value.rows.length} shown</span>
        </div>
      )}
    </section>
  );
}
