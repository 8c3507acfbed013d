import { useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { formatSize, pluralize } from '../app/format.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { ConfirmRow } from '../remove/confirm-row.tsx';

/** `POST /restore` */
interface Restored {
  readonly restored: number;
  readonly unchanged: number;
  readonly overwritten: number;
  readonly oauthClients?: number;
}

const isAlreadyThere = (error: unknown): boolean => error instanceof ApiError && error.code === 'already_there';

interface RestoreDialogProps {
  readonly file: File;
  readonly onClose: () => void;
}

/** Asks before a backup is restored, and tells what that changed. */
export function RestoreDialog({ file, onClose }: RestoreDialogProps) {
  const { client } = useSession();
  const [overwrite, setOverwrite] = useState(false);
  const [result, setResult] = useState<Restored>();
  const restore = useAction(async () => {
    const { body } = await client.request<Restored>('POST', `/restore${overwrite ? '?overwrite=true' : ''}`, { file });
    setResult(body);
  });
  if (result) {
    return (
      <Dialog title="The backup is restored" onClose={onClose}>
        <ul class="bullets" role="status">
          <li>{pluralize(result.restored, 'integration was', 'integrations were')} added.</li>
          <li>{pluralize(result.overwritten, 'integration was', 'integrations were')} replaced.</li>
          <li>{pluralize(result.unchanged, 'integration was', 'integrations were')} the same already.</li>
        </ul>
        <div class="row end">
          <button type="button" class="button primary" onClick={onClose}>
            Done
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Restore this backup?" onClose={onClose} isLocked={restore.isRunning}>
      <p>
        <strong>{file.name}</strong> <span class="muted">({formatSize(file.size)})</span>
      </p>
      <p>
        The file is checked completely first; if anything is wrong with it, nothing changes. Integrations that are
        missing here are added. Those that are not in the file stay.
      </p>
      <label class="row nowrap">
        <input
          type="checkbox"
          checked={overwrite}
          disabled={restore.isRunning}
          onChange={({ currentTarget }) => setOverwrite(currentTarget.checked)}
        />
        <span>Replace integrations that have changed since the backup</span>
      </label>
      {overwrite && (
        <p class="notice warn">What was changed in them since then is lost. Download a backup of today first.</p>
      )}
      <ErrorNotice error={restore.error} title="The backup was not restored. Nothing has changed." />
      {isAlreadyThere(restore.error) && <p>To replace what differs, tick the box above.</p>}
      <ConfirmRow
        label={overwrite ? 'Restore and replace' : 'Restore'}
        runningLabel="Restoring…"
        action={restore}
        onCancel={onClose}
      />
    </Dialog>
  );
}
