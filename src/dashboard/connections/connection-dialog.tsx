import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { ConnectionFields } from './connection-fields.tsx';
import { useConnection } from './use-connection.ts';

interface ConnectionDialogProps {
  /** Absent for a new connection. */
  readonly id?: string | undefined;
  readonly integrationId: string;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

export function ConnectionDialog({ id, integrationId, onSaved, onClose }: ConnectionDialogProps) {
  const { announce } = useSession();
  const { form, newClient, setNewClient, save, error } = useConnection(id, integrationId);
  return (
    <Dialog title={id === undefined ? 'Add connection' : 'Edit connection'} onClose={onClose} isLocked={save.isRunning}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run().then((isSaved) => {
            if (!isSaved) return;
            announce('Connection saved.');
            onSaved();
            onClose();
          });
        }}
      >
        <ErrorNotice error={error} title="Could not load the connection." />
        {!form && error === undefined && <p role="status">Loading the connection…</p>}
        {form && <ConnectionFields form={form} newClient={newClient} onNewClient={setNewClient} />}
        <ErrorNotice error={save.error} title="Saving failed." />
        <div class="row end">
          <button type="button" class="button" onClick={onClose} disabled={save.isRunning}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={save.isRunning || !form}>
            {save.isRunning ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
