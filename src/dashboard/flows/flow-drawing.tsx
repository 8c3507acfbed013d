import type { Counts, Job, StoredRecord } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { Time } from '../app/time.tsx';
import { useResource } from '../app/use-resource.ts';
import { changesRecords } from './flow-list.tsx';
import { countsOf, type FlowStep, generatorsIn, hooksOf, stepsOf, typeOf } from './flow-steps.ts';
import type { FlowRecord } from './flow-types.ts';
import { WebhookAddress } from './webhook-address.tsx';

interface FlowDrawingProps {
  readonly flow: FlowRecord;
  /** Its counts stand at the steps. */
  readonly job: Job | undefined;
}

type Records = ReadonlyMap<string, StoredRecord>;

/** The way of the records: a list for screen readers, a diagram for the eye. */
export function FlowDrawing({ flow, job }: FlowDrawingProps) {
  const steps = stepsOf(flow);
  const { value: records, error } = useRecords(flow._integrationId, steps);
  const counts = countsOf(steps, job?.steps);
  const generators = generatorsIn(steps);
  const webhooks = steps.flatMap(({ role, id }) => {
    const record = records?.get(id);
    return role === 'Export' && record?.type === 'webhook' ? [record] : [];
  });
  return (
    <section class="card stack" aria-labelledby="drawing-title">
      <div class="row apart">
        <h2 id="drawing-title">Steps</h2>
        {job && (
          <span class="muted small">
            Counts of the job of <Time at={job.createdAt} />
          </span>
        )}
      </div>
      <ErrorNotice error={error} title="Could not load the exports and imports." />
      {steps.length === 0 ? (
        <p class="muted">The flow has no steps yet. Give it exports in pageGenerators and imports in pageProcessors.</p>
      ) : (
        <ol class="flow-steps">
          {steps.map((step, index) => (
            <Step
              key={index}
              step={step}
              record={records?.get(step.id)}
              counts={counts[index]}
              isLink={index >= generators - 1 && index < steps.length - 1}
            />
          ))}
        </ol>
      )}
      {webhooks.map((record) => (
        <WebhookAddress key={record._id} record={record} />
      ))}
    </section>
  );
}

interface StepProps {
  readonly step: FlowStep;
  readonly record: StoredRecord | undefined;
  readonly counts: Counts | undefined;
  /** Records go on from here to the next step. */
  readonly isLink: boolean;
}

function Step({ step, record, counts, isLink }: StepProps) {
  const hooks = hooksOf(step, record);
  return (
    <li class={isLink ? 'flow-step linked' : 'flow-step'}>
      <span class="small muted">
        {step.role}
        {record && ` · ${typeOf(record)}`}
      </span>
      <strong>{record?.name ?? step.id}</strong>
      {hooks.length > 0 && (
        <ul class="small" aria-label="Functions of the connector">
          {hooks.map(([name, called]) => (
            <li key={`${name} ${called}`}>
              {name}: <code>{called}</code>
            </li>
          ))}
        </ul>
      )}
      {counts && <StepCounts role={step.role} counts={counts} />}
    </li>
  );
}

function StepCounts({ role, counts: { numSuccess, numError, numIgnore } }: { role: FlowStep['role']; counts: Counts }) {
  const done = { Export: 'read', Lookup: 'looked up', Import: 'sent' }[role];
  return (
    <span class="row small">
      <span class="badge good">
        {numSuccess.toLocaleString()} {done}
      </span>
      {numError > 0 && <span class="badge bad">{numError.toLocaleString()} failed</span>}
      {numIgnore > 0 && <span class="badge">{numIgnore.toLocaleString()} ignored</span>}
    </span>
  );
}

const SHOWN = 'name,type,adaptorType,createdAt,lastModified,hooks,wrapper.function,webhook';

/** The exports and imports of the steps by id. One that is missing is left out. */
function useRecords(integrationId: string, steps: readonly FlowStep[]) {
  const paths = [...new Set(steps.map(({ kind, id }) => `/${kind}/${encodeURIComponent(id)}`))];
  return useResource<Records>({
    key: paths.join(' '),
    load: async (client, signal) => {
      const reads = paths.map((path) => client.get<StoredRecord>(`${path}?include=${SHOWN}`, signal));
      const outcomes = await Promise.allSettled(reads);
      const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed && found.length === 0) throw failed.reason;
      return new Map(found.map((record) => [record._id, record]));
    },
    isAffected: changesRecords(integrationId, 'exports', 'imports'),
    minIntervalMs: 1_000,
  });
}
