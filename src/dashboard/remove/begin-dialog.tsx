import type { Integration } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { RunPanel } from '../runs/run-panel.tsx';
import type { Call } from '../steps/use-call.ts';
import { ConfirmRow } from './confirm-row.tsx';
import { RecordsSummary } from './records-summary.tsx';

interface BeginDialogProps {
  readonly integration: Integration;
  readonly call: Call;
  /** Name of the function that begins the removal. */
  readonly preUninstall: string;
  readonly onClose: () => void;
}

/** Asks before a removal begins. Until its first step is done, it can be called off. */
export function BeginDialog({ integration: { _id, name }, call, preUninstall, onClose }: BeginDialogProps) {
  const action = {
    isRunning: call.isRunning,
    run: () => call.run(preUninstall, {}).then((hasBegun) => hasBegun && onClose()),
  };
  return (
    <Dialog title={`Start to remove ${name}?`} onClose={onClose} isLocked={call.isRunning}>
      <p>
        First the connector says which steps this takes. You do them one by one, and nothing is deleted before you
        confirm it at the end.
      </p>
      <p class="notice warn">
        You can call the removal off until its first step is done. From then on, it can only be paused.
      </p>
      <RecordsSummary integrationId={_id} />
      {call.isRunning && <RunPanel label="Asking the connector for the steps" run={call.runRef} />}
      <ErrorNotice error={call.error} title="The removal has not begun. Nothing has changed." integrationId={_id} />
      <ConfirmRow
        label="Start removal"
        runningLabel="Starting…"
        cancelLabel="Keep it"
        action={action}
        onCancel={onClose}
      />
    </Dialog>
  );
}
