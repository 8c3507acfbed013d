import type { Integration } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import type { Action } from '../app/use-action.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { useStartedRun } from '../runs/use-started-run.ts';
import { ConfirmRow } from './confirm-row.tsx';
import { RecordsSummary } from './records-summary.tsx';

interface DeleteDialogProps {
  readonly integration: Integration;
  readonly remove: Action<[]>;
  readonly onClose: () => void;
}

/** Asks before an integration is removed for good. While the connector undoes its work, that can be cancelled. */
export function DeleteDialog({ integration: { _id, name }, remove, onClose }: DeleteDialogProps) {
  const run = useStartedRun(
    remove.isRunning,
    ({ data }) => data._integrationId === _id && data.section === 'uninstaller',
  );
  return (
    <Dialog title={`Remove ${name}?`} onClose={onClose} isLocked={remove.isRunning}>
      <p>It is deleted with its settings, credentials and runs. This cannot be undone.</p>
      <RecordsSummary integrationId={_id} />
      {remove.isRunning && <RunPanel label={`Removing ${name}`} run={run} />}
      <ErrorNotice error={remove.error} title="It was not removed. Nothing has changed." integrationId={_id} />
      <ConfirmRow label="Remove" runningLabel="Removing…" action={remove} onCancel={onClose} />
    </Dialog>
  );
}
