import { useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import type { JsonObject } from '../api/json.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { MASK } from '../connections/credentials.ts';
import { ClientFields } from './client-fields.tsx';
import { emptyClient, isClientMoved, type OAuthClient } from './oauth-client.ts';
import { RedirectUri } from './redirect-uri.tsx';

interface ClientDialogProps {
  /** Absent for a new one. */
  readonly stored?: OAuthClient | undefined;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

export function ClientDialog({ stored, onSaved, onClose }: ClientDialogProps) {
  const { client, announce } = useSession();
  const [draft, setDraft] = useState<JsonObject>(stored ?? emptyClient);
  const isMoved = isClientMoved(draft, stored);
  const save = useAction(async () => {
    if (isMoved && draft.clientSecret === MASK) {
      const message = 'An address that the secret is sent to has changed. Enter the client secret again.';
      throw new ApiError(422, [{ code: 'invalid_field', message }]);
    }
    await (stored ? client.put(`/iClients/${stored._id}`, draft) : client.post('/iClients', draft));
    announce('OAuth client saved.');
    await onSaved();
    onClose();
  });
  const form = {
    record: draft,
    stored,
    onChange: setDraft,
    isDisabled: save.isRunning,
    isMoved,
  };
  return (
    <Dialog title={stored ? 'Edit OAuth client' : 'Add OAuth client'} onClose={onClose} isLocked={save.isRunning}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <RedirectUri />
        <ClientFields form={form} />
        <ErrorNotice error={save.error} title="It was not saved." />
        <div class="row end">
          <button type="button" class="button" onClick={onClose} disabled={save.isRunning}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={save.isRunning}>
            {save.isRunning ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
