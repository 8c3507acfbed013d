import { useState } from 'preact/hooks';
import type { AccessToken } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { CopyField } from './copy-field.tsx';
import { emptyDraft, type TokenDraft, TokenForm } from './token-form.tsx';

const DAY_MS = 24 * 3_600_000;

function bodyOf({ name, scope, integrationIds, days }: TokenDraft): object {
  return {
    name: name.trim(),
    scope,
    ...(scope === 'integrations' ? { _integrationIds: integrationIds } : {}),
    ...(days === undefined ? {} : { autoPurgeAt: new Date(Date.now() + days * DAY_MS).toISOString() }),
  };
}

interface CreateDialogProps {
  readonly onCreated: () => void;
  readonly onClose: () => void;
}

/** Makes an access token, then shows it: the only time that anybody sees it. */
export function CreateDialog({ onCreated, onClose }: CreateDialogProps) {
  const { client } = useSession();
  const [draft, setDraft] = useState(emptyDraft);
  const [created, setCreated] = useState<AccessToken & { readonly token: string }>();
  const create = useAction(async () => {
    setCreated(await client.post<AccessToken & { token: string }>('/accesstokens', bodyOf(draft)));
    onCreated();
  });
  const isComplete = draft.name.trim() !== '' && (draft.scope !== 'integrations' || draft.integrationIds.length > 0);
  if (created) {
    return (
      <Dialog title={`The access token ${created.name}`} onClose={onClose}>
        <p class="notice warn">Copy it now. It is not stored and cannot be shown again.</p>
        <CopyField label="Access token" value={created.token} />
        <div class="row end">
          <button type="button" class="button" onClick={onClose}>
            Done
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Create access token" onClose={onClose} isLocked={create.isRunning}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void create.run();
        }}
      >
        <TokenForm draft={draft} onChange={setDraft} isDisabled={create.isRunning} />
        <ErrorNotice error={create.error} title="It was not created." />
        <div class="row end">
          <button type="button" class="button" onClick={onClose} disabled={create.isRunning}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={create.isRunning || !isComplete}>
            {create.isRunning ? 'Creating…' : 'Create'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
