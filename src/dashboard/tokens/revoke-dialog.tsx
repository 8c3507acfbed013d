import type { AccessToken } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { ConfirmRow } from '../remove/confirm-row.tsx';

interface RevokeDialogProps {
  readonly token: AccessToken;
  readonly onRevoked: () => void;
  readonly onClose: () => void;
}

export function RevokeDialog({ token: { _id, name }, onRevoked, onClose }: RevokeDialogProps) {
  const { client, announce } = useSession();
  const revoke = useAction(async () => {
    await client.delete(`/accesstokens/${_id}`);
    announce(`${name} was revoked.`);
    onRevoked();
    onClose();
  });
  return (
    <Dialog title={`Revoke ${name}?`} onClose={onClose} isLocked={revoke.isRunning}>
      <p>Whoever uses this token is refused from then on. This cannot be undone.</p>
      <ErrorNotice error={revoke.error} title="It was not revoked." />
      <ConfirmRow label="Revoke" runningLabel="Revoking…" action={revoke} onCancel={onClose} />
    </Dialog>
  );
}
