import { useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { useTitle } from '../app/use-title.ts';
import { ConfirmRow } from '../remove/confirm-row.tsx';
import { ClientDialog } from './client-dialog.tsx';
import type { OAuthClient } from './oauth-client.ts';
import { RedirectUri } from './redirect-uri.tsx';
import { useClients } from './use-clients.ts';

/** What the administrator has registered with OAuth providers. */
export function ClientsPage() {
  useTitle('OAuth clients');
  const { value, error, reload } = useClients();
  /** True: a new one. */
  const [edited, setEdited] = useState<OAuthClient | true>();
  const [removed, setRemoved] = useState<OAuthClient>();
  return (
    <div class="stack">
      <div class="row apart">
        <h1>OAuth clients</h1>
        <button type="button" class="button primary" onClick={() => setEdited(true)}>
          Add OAuth client
        </button>
      </div>
      <p class="muted">
        Register this server with a provider, and enter here what you got for it. Connections then sign in there.
      </p>
      <section class="card" aria-label="Redirect URI">
        <RedirectUri />
      </section>
      {!value && error === undefined && <p role="status">Loading OAuth clients…</p>}
      <ErrorNotice error={error} title="The OAuth clients could not be loaded." />
      {value && (
        <section class="card stack" aria-label="OAuth clients">
          {value.length === 0 && <p class="muted">No OAuth clients yet.</p>}
          {value.length > 0 && (
            <ul class="records">
              {value.map((client) => (
                <ClientRow
                  key={client._id}
                  client={client}
                  onEdit={() => setEdited(client)}
                  onRemove={() => setRemoved(client)}
                />
              ))}
            </ul>
          )}
        </section>
      )}
      {edited && (
        <ClientDialog
          stored={edited === true ? undefined : edited}
          onSaved={reload}
          onClose={() => setEdited(undefined)}
        />
      )}
      {removed && <RemoveClient client={removed} onRemoved={reload} onClose={() => setRemoved(undefined)} />}
    </div>
  );
}

interface ClientRowProps {
  readonly client: OAuthClient;
  readonly onEdit: () => void;
  readonly onRemove: () => void;
}

function ClientRow({ client: { name, clientId, tokenURI }, onEdit, onRemove }: ClientRowProps) {
  return (
    <li class="record">
      <div class="row apart">
        <div class="record-name">
          <strong>{name}</strong>
          <span class="muted small">
            Client id {clientId} · tokens from {URL.canParse(tokenURI) ? new URL(tokenURI).host : tokenURI}
          </span>
        </div>
        <div class="row">
          <button type="button" class="button small" aria-label={`Edit ${name}`} onClick={onEdit}>
            Edit
          </button>
          <button type="button" class="button small danger" aria-label={`Delete ${name}`} onClick={onRemove}>
            Delete
          </button>
        </div>
      </div>
    </li>
  );
}

interface RemoveClientProps {
  readonly client: OAuthClient;
  readonly onRemoved: () => Promise<void>;
  readonly onClose: () => void;
}

function RemoveClient({ client: { _id, name }, onRemoved, onClose }: RemoveClientProps) {
  const { client, announce } = useSession();
  const remove = useAction(async () => {
    await client.delete(`/iClients/${_id}`).catch((error: unknown) => {
      // Somebody else has deleted it.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    });
    announce(`${name} was deleted.`);
    await onRemoved();
    onClose();
  });
  return (
    <Dialog title={`Delete ${name}?`} isLocked={remove.isRunning} onClose={onClose}>
      <p class="notice warn">
        Connections that use it cannot renew their tokens any more, and go offline when those expire. This cannot be
        undone.
      </p>
      <ErrorNotice error={remove.error} title="It was not deleted." />
      <ConfirmRow label="Delete" runningLabel="Deleting…" action={remove} onCancel={onClose} />
    </Dialog>
  );
}
