import type { StoredRecord } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { aboutIntegration } from '../app/use-resource.ts';
import { RecordRow } from './record-row.tsx';
import { PAGE_ROWS, usePages } from './use-pages.ts';

const titles = { exports: 'Exports', imports: 'Imports', flows: 'Flows' } as const;

interface RecordListProps {
  readonly kind: keyof typeof titles;
  readonly integrationId: string;
}

/** The records of one kind, page by page. */
export function RecordList({ kind, integrationId }: RecordListProps) {
  const { value, error, loadMore } = usePages<StoredRecord>(
    `/${kind}?_integrationId=${integrationId}&limit=${PAGE_ROWS}`,
    aboutIntegration(integrationId, 'integration.'),
  );
  return (
    <section class="card stack" aria-labelledby={`${kind}-title`}>
      <div class="row apart">
        <h2 id={`${kind}-title`}>{titles[kind]}</h2>
        {value?.rows.length === 0 && <span class="muted">None yet</span>}
      </div>
      {!value && <ErrorNotice error={error} title={`The ${kind} could not be loaded.`} />}
      {value && value.rows.length > 0 && (
        <ul class="records">
          {value.rows.map((record) => (
            <RecordRow key={record._id} record={record} />
          ))}
        </ul>
      )}
      {value?.hasMore && (
        <div class="row">
          <button type="button" class="button" onClick={loadMore}>
            Show more {kind}
          </button>
          <span class="muted small">{value.rows.length} shown</span>
        </div>
      )}
    </section>
  );
}
