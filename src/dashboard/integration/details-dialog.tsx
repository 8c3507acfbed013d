import { useId, useState } from 'preact/hooks';
import type { Integration } from '../api/types.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';

interface DetailsDialogProps {
  readonly integration: Integration;
  readonly reload: () => Promise<void>;
  readonly onClose: () => void;
}

/** Edits what belongs to the user, not to the connector: name, tag, description. */
export function DetailsDialog({ integration, reload, onClose }: DetailsDialogProps) {
  const { client, announce } = useSession();
  const [name, setName] = useState(integration.name);
  const [tag, setTag] = useState(integration.tag ?? '');
  const [description, setDescription] = useState(integration.description ?? '');
  const id = useId();
  const save = useAction(async () => {
    await client.put(`/integrations/${integration._id}`, { name: name.trim(), tag: tag.trim(), description });
    await reload();
    announce('Saved.');
    onClose();
  });
  return (
    <Dialog title="Name, tag and description" onClose={onClose} isLocked={save.isRunning}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <div class="field">
          <label for={`${id}-name`}>Name</label>
          <input
            id={`${id}-name`}
            value={name}
            required
            maxLength={200}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </div>
        <div class="field">
          <label for={`${id}-tag`}>Tag</label>
          <input
            id={`${id}-tag`}
            value={tag}
            maxLength={200}
            onInput={({ currentTarget }) => setTag(currentTarget.value)}
          />
        </div>
        <div class="field">
          <label for={`${id}-description`}>Description</label>
          <textarea
            id={`${id}-description`}
            value={description}
            maxLength={10_000}
            onInput={({ currentTarget }) => setDescription(currentTarget.value)}
          />
        </div>
        <ErrorNotice error={save.error} title="It was not saved." />
        <div class="row end">
          <button type="button" class="button" onClick={onClose} disabled={save.isRunning}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={save.isRunning || name.trim() === ''}>
            {save.isRunning ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
