import { useState } from 'preact/hooks';
import { ErrorNotice } from '../app/error-notice.tsx';
import { LongText } from '../app/long-text.tsx';
import { Time } from '../app/time.tsx';
import { useResource } from '../app/use-resource.ts';
import { generatorsIn, stepsOf } from './flow-steps.ts';
import type { FlowRecord, JobError } from './flow-types.ts';

interface JobErrorRowProps {
  readonly error: JobError;
  readonly flow: FlowRecord;
  readonly jobId: string;
  readonly isSelected: boolean;
  /** The job has ended. */
  readonly canRetry: boolean;
  readonly isBusy: boolean;
  readonly onSelect: (isSelected: boolean) => void;
  readonly onRetry: () => void;
  readonly onResolve: () => void;
}

export function JobErrorRow(props: JobErrorRowProps) {
  const { error, flow, jobId, isSelected, canRetry, isBusy, onSelect, onRetry, onResolve } = props;
  const { _id, code, message, source, resolved, retriable, createdAt } = error;
  const [isOpen, setIsOpen] = useState(false);
  const ofThis = <span class="visually-hidden">: {message}</span>;
  return (
    <li class="record">
      <div class="row apart">
        {resolved ? (
          <span class="message">{message}</span>
        ) : (
          <label class="row flow-error">
            <input
              type="checkbox"
              checked={isSelected}
              onChange={({ currentTarget: { checked } }) => onSelect(checked)}
            />
            <span class="message">{message}</span>
          </label>
        )}
        {resolved ? (
          <span class="badge good">Resolved</span>
        ) : (
          <div class="row">
            {retriable && (
              <button type="button" class="button small" disabled={!canRetry} aria-disabled={isBusy} onClick={onRetry}>
                Retry{ofThis}
              </button>
            )}
            <button type="button" class="button small" aria-disabled={isBusy} onClick={onResolve}>
              Resolve{ofThis}
            </button>
          </div>
        )}
      </div>
      <p class="small muted">
        <code>{code}</code> · {placeOf(error, flow)}
        {source && ` · ${source}`} · <Time at={createdAt} withSeconds />
      </p>
      {retriable ? (
        <details onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
          <summary class="small">Record{ofThis}</summary>
          {isOpen && <RecordText jobId={jobId} errorId={_id} />}
        </details>
      ) : (
        <p class="small muted">The record was not kept, so it cannot be sent again.</p>
      )}
    </li>
  );
}

/** Where in the flow it failed. */
function placeOf({ step }: JobError, flow: FlowRecord): string {
  if (step === undefined) return 'While reading';
  const steps = stepsOf(flow);
  const index = generatorsIn(steps) + step;
  return steps[index] ? `Step ${index + 1}: ${steps[index].role.toLowerCase()}` : `Step ${index + 1}`;
}

function RecordText({ jobId, errorId }: { readonly jobId: string; readonly errorId: string }) {
  const path = `/jobs/${jobId}/joberrors/${errorId}`;
  const { value, error } = useResource<string>({
    key: path,
    load: async (client, signal) => JSON.stringify((await client.get<JobError>(path, signal)).data, null, 2),
    isAffected: () => false,
  });
  if (value === undefined) {
    return error === undefined ? (
      <p class="small" role="status">
        Loading the record…
      </p>
    ) : (
      <ErrorNotice error={error} title="Could not load the record." />
    );
  }
  return <LongText text={value} path={path} />;
}
