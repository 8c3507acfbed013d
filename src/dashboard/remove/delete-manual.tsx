import { useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { ConfirmRow } from './confirm-row.tsx';
import { RecordsSummary } from './records-summary.tsx';

/** Deletes an integration without a connector. Asks twice if it contains records. */
export function DeleteManual({ integration }: IntegrationProps) {
  const { client, announce } = useSession();
  const { _id, name } = integration;
  const [isConfirming, setIsConfirming] = useState(false);
  const [includesRecords, setIncludesRecords] = useState(false);
  const remove = useAction(async () => {
    try {
      await client.delete(`/integrations/${_id}${includesRecords ? '?cascade=true' : ''}`);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'has_dependencies' || includesRecords) throw error;
      return setIncludesRecords(true);
    }
    announce(`${name} was deleted.`);
    navigate('#/');
  });
  const cancel = (): void => {
    setIsConfirming(false);
    setIncludesRecords(false);
  };
  return (
    <section class="card stack" aria-labelledby="delete-title">
      <h2 id="delete-title">Delete this integration</h2>
      <p class="muted">It was created without a connector, so there is nothing to undo elsewhere.</p>
      <div>
        <button type="button" class="button danger" onClick={() => setIsConfirming(true)}>
          Delete
        </button>
      </div>
      {isConfirming && (
        <Dialog title={`Delete ${name}?`} isLocked={remove.isRunning} onClose={cancel}>
          {includesRecords ? (
            <>
              <p class="notice warn" role="alert">
                It still contains records. You can delete it together with them.
              </p>
              <RecordsSummary integrationId={_id} />
            </>
          ) : (
            <p>This cannot be undone.</p>
          )}
          <ErrorNotice error={remove.error} title="It was not deleted." />
          <ConfirmRow
            label={includesRecords ? 'Delete with its records' : 'Delete'}
            runningLabel="Deleting…"
            action={remove}
            onCancel={cancel}
          />
        </Dialog>
      )}
    </section>
  );
}
