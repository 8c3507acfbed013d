import { useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { type RecordKind, recordKinds, type StoredRecord } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { ConfirmRow } from '../remove/confirm-row.tsx';

type Names = Readonly<Record<RecordKind, readonly { readonly id: string; readonly name: string }[]>>;

interface DeleteConnectionProps {
  readonly record: StoredRecord;
  readonly integrationId: string;
  readonly onDeleted: () => void;
  readonly onClose: () => void;
}

/** Asks, and says which records still use the connection if it cannot be deleted. */
export function DeleteConnection({ record, integrationId, onDeleted, onClose }: DeleteConnectionProps) {
  const { client, announce } = useSession();
  const { _id, name } = record;
  const [users, setUsers] = useState<readonly string[]>();
  const remove = useAction(async () => {
    setUsers(undefined);
    try {
      await client.delete(`/connections/${_id}`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'has_dependencies') {
        const names = await client.get<Names>(`/integrations/${integrationId}/dependencies`);
        return setUsers(usersIn(error.message, names));
      }
      // Someone else has deleted it.
      if (error.status !== 404) throw error;
    }
    announce(`${name} was deleted.`);
    onDeleted();
    onClose();
  });
  return (
    <Dialog title={`Delete ${name}?`} isLocked={remove.isRunning} onClose={onClose}>
      {users ? (
        <div class="notice warn" role="alert">
          <p>It was not deleted, since these records use it. Change or delete them first:</p>
          <ul class="bullets">
            {users.map((user) => (
              <li key={user}>{user}</li>
            ))}
          </ul>
        </div>
      ) : (
        <p>Its credentials are deleted with it. This cannot be undone.</p>
      )}
      <ErrorNotice error={remove.error} title="It was not deleted." />
      <ConfirmRow label={users ? 'Try again' : 'Delete'} runningLabel="Deleting…" action={remove} onCancel={onClose} />
    </Dialog>
  );
}

/** The server names the records by their ids. */
function usersIn(message: string, names: Names): readonly string[] {
  const users = recordKinds.flatMap((kind) =>
    names[kind].filter(({ id }) => message.includes(id)).map(({ name }) => `${kind.slice(0, -1)} “${name}”`),
  );
  return users.length === 0 ? [message] : users;
}
