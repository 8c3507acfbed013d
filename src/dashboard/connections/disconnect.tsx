import type { StoredRecord } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { ConfirmRow } from '../remove/confirm-row.tsx';

interface DisconnectProps {
  readonly record: StoredRecord;
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}

export function Disconnect({ record: { _id, name }, onDone, onClose }: DisconnectProps) {
  const { client, announce } = useSession();
  const disconnect = useAction(async () => {
    await client.delete(`/connections/${_id}/oauth2`);
    await onDone();
    announce(`${name} is disconnected.`);
    onClose();
  });
  return (
    <Dialog title={`Disconnect ${name}?`} isLocked={disconnect.isRunning} onClose={onClose}>
      <p>Its tokens are revoked and forgotten. Whatever uses it fails until it is connected again.</p>
      <ErrorNotice error={disconnect.error} title="It was not disconnected." />
      <ConfirmRow label="Disconnect" runningLabel="Disconnecting…" action={disconnect} onCancel={onClose} />
    </Dialog>
  );
}
