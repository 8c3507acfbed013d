import { useState } from 'preact/hooks';
import type { LiveEvent } from '../api/event-feed.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { useResource } from '../app/use-resource.ts';
import { FlowRow } from './flow-row.tsx';
import type { FlowRecord } from './flow-types.ts';
import { useLatestJobs } from './use-latest-jobs.ts';

/** Rows shown at once, and more on demand: their jobs are read together. */
const ROWS = 50;
const FIELDS = 'name,disabled,schedule,timezone,pageGenerators,_exportId,_integrationId,createdAt,lastModified';

interface Flows {
  readonly flows: readonly FlowRecord[];
  readonly webhooks: ReadonlySet<string>;
}

/** Records have changed, and flows or exports are among them. */
export const changesRecords =
  (integrationId: string, ...kinds: string[]) =>
  ({ type, data }: LiveEvent): boolean =>
    type.startsWith('integration.') &&
    data._integrationId === integrationId &&
    (!Array.isArray(data.changed) || data.changed.some((kind) => kinds.includes(String(kind))));

const normalize = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** All flows of an integration by name, with a search. */
export function FlowList({ integrationId }: { readonly integrationId: string }) {
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState(ROWS);
  const { value, error, reload } = useResource<Flows>({
    key: integrationId,
    load: async (client, signal) => {
      const ofThis = `_integrationId=${integrationId}`;
      const [flows, webhooks] = await Promise.all([
        client.list<FlowRecord>(`/flows?${ofThis}&include=${FIELDS}`, () => {}, signal),
        client.list<{ _id: string }>(`/exports?${ofThis}&type=webhook&include=_id`, () => {}, signal),
      ]);
      flows.sort((a, b) => collator.compare(a.name, b.name));
      return { flows, webhooks: new Set(webhooks.map(({ _id }) => _id)) };
    },
    isAffected: changesRecords(integrationId, 'flows', 'exports'),
    minIntervalMs: 500,
  });
  const words = normalize(search).split(/\s+/).filter(Boolean);
  const found = (value?.flows ?? []).filter(({ name }) => words.every((word) => normalize(name).includes(word)));
  const rows = found.slice(0, shown);
  const jobs = useLatestJobs(
    integrationId,
    rows.map(({ _id }) => _id),
  );
  if (!value) {
    return error === undefined ? (
      <p role="status">Loading flows…</p>
    ) : (
      <ErrorNotice error={error} title="Could not load the flows." />
    );
  }
  const { flows, webhooks } = value;
  if (flows.length === 0) {
    return (
      <div class="empty card">
        <h2>No flows yet</h2>
        <p class="muted">
          A flow moves records from one application to another. The connector makes flows when it is set up; you can
          also create them with the API.
        </p>
      </div>
    );
  }
  return (
    <section class="stack" aria-labelledby="flows-title">
      <div class="row apart">
        <h2 id="flows-title">Flows</h2>
        <span class="muted small" role="status">
          {found.length === flows.length
            ? pluralize(flows.length, 'flow')
            : `${found.length.toLocaleString()} of ${pluralize(flows.length, 'flow')}`}
        </span>
      </div>
      {flows.length > 5 && (
        <search>
          <label class="field">
            <span class="label">Search flows</span>
            <input
              type="search"
              placeholder="Name"
              value={search}
              onInput={({ currentTarget }) => setSearch(currentTarget.value)}
            />
          </label>
        </search>
      )}
      <ErrorNotice error={jobs.error} title="Could not load the last jobs." />
      {rows.length === 0 ? (
        <p class="empty muted">No flow has these words in its name.</p>
      ) : (
        <ul class="card records">
          {rows.map((flow) => (
            <FlowRow
              key={flow._id}
              flow={flow}
              job={jobs.value?.get(flow._id)}
              areJobsLoaded={jobs.value !== undefined}
              webhooks={webhooks}
              reload={() => Promise.all([reload(), jobs.reload()])}
            />
          ))}
        </ul>
      )}
      {rows.length < found.length && (
        <div class="row">
          <button type="button" class="button" onClick={() => setShown(shown + ROWS)}>
            Show more flows
          </button>
          <span class="muted small">{rows.length.toLocaleString()} shown</span>
        </div>
      )}
    </section>
  );
}
