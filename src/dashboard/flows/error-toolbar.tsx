import { useState } from 'preact/hooks';
import type { Job } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { pluralize } from '../app/format.ts';
import type { JobError } from './flow-types.ts';
import { isActive } from './job-state.ts';
import type { ErrorActions } from './use-error-actions.ts';

interface ErrorToolbarProps {
  readonly job: Job;
  /** Those shown that are not resolved. */
  readonly open: readonly JobError[];
  readonly chosen: readonly JobError[];
  readonly actions: ErrorActions;
  readonly onSelect: (errors: readonly JobError[]) => void;
}

/** Records that one request may name. */
const RETRY_MAX = 1_000;

/** What can be done with several records that failed. */
export function ErrorToolbar({ job, open, chosen, actions: { retry, resolve }, onSelect }: ErrorToolbarProps) {
  const [isAsking, setIsAsking] = useState(false);
  const canRetry = !isActive(job);
  const isBusy = retry.isRunning || resolve.isRunning;
  const toRetry = chosen.filter(({ retriable }) => retriable).map(({ _id }) => _id);
  return (
    <>
      <div class="row">
        <label class="row">
          <input
            type="checkbox"
            checked={chosen.length === open.length}
            onChange={({ currentTarget: { checked } }) => onSelect(checked ? open : [])}
          />
          Select all shown
        </label>
        <button
          type="button"
          class="button small primary"
          disabled={!canRetry || !job.retriable}
          aria-disabled={isBusy}
          onClick={() => void retry.run(undefined)}
        >
          {retry.isRunning ? 'Sending…' : 'Retry all'}
        </button>
        <button
          type="button"
          class="button small"
          disabled={!canRetry || toRetry.length === 0 || toRetry.length > RETRY_MAX}
          aria-disabled={isBusy}
          onClick={() => void retry.run(toRetry)}
        >
          Retry selected ({chosen.length})
        </button>
        <button
          type="button"
          class="button small"
          disabled={chosen.length === 0}
          aria-disabled={isBusy}
          onClick={() => void resolve.run(chosen.map(({ _id }) => _id))}
        >
          Resolve selected ({chosen.length})
        </button>
        <button type="button" class="button small" aria-disabled={isBusy} onClick={() => setIsAsking(true)}>
          Resolve all
        </button>
      </div>
      {isAsking && (
        <ResolveAllDialog
          count={job.numOpenError}
          onClose={() => setIsAsking(false)}
          onConfirm={() => {
            setIsAsking(false);
            void resolve.run(undefined);
          }}
        />
      )}
    </>
  );
}

interface ResolveAllDialogProps {
  readonly count: number;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

function ResolveAllDialog({ count, onClose, onConfirm }: ResolveAllDialogProps) {
  return (
    <Dialog title="Resolve all open records?" onClose={onClose}>
      <p>
        {pluralize(count, 'record')} will be marked as resolved. <strong>Retry all</strong> does not send them any more.
      </p>
      <div class="row end">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button primary" onClick={onConfirm}>
          Mark as resolved
        </button>
      </div>
    </Dialog>
  );
}
