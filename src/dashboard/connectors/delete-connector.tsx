import type { Connector } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { ConfirmRow } from '../remove/confirm-row.tsx';

interface DeleteConnectorProps {
  readonly connector: Connector;
  /** Number of integrations using it. */
  readonly installs: number;
  readonly onClose: () => void;
}

/** Asks before an uploaded connector is deleted. Its integrations stay, without their functions. */
export function DeleteConnector({ connector: { _id, title }, installs, onClose }: DeleteConnectorProps) {
  const { client, announce } = useSession();
  const remove = useAction(async () => {
    await client.delete(`/connectors/${_id}${installs > 0 ? '?force=true' : ''}`);
    announce(`${title} was deleted.`);
    navigate('#/connectors');
  });
  return (
    <Dialog title={`Delete ${title}?`} isLocked={remove.isRunning} onClose={onClose}>
      {installs === 0 ? (
        <p>No integration uses it. To have it back, upload it again.</p>
      ) : (
        <p class="notice warn">
          {pluralize(installs, 'integration uses', 'integrations use')} it. They stay, but nothing of theirs works until
          the connector is uploaded again. To remove them properly, remove them first: only the connector can undo what
          it set up.
        </p>
      )}
      <ErrorNotice error={remove.error} title="It was not deleted." />
      <ConfirmRow
        label={installs === 0 ? 'Delete' : 'Delete all the same'}
        runningLabel="Deleting…"
        action={remove}
        onCancel={onClose}
      />
    </Dialog>
  );
}
