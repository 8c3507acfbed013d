import { useId, useState } from 'preact/hooks';
import type { Connector, Integration, Tile } from '../api/types.ts';
import { integrationHref } from '../app/address.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { useStartedRun } from '../runs/use-started-run.ts';
import { describeReach } from './describe-permissions.ts';

interface InstallDialogProps {
  readonly connector: Connector;
  /** Existing integrations of this connector. */
  readonly installs: readonly Tile[];
  readonly onClose: () => void;
}

/** Asks for name and tag, then runs the connector's installer. A failure leaves nothing behind. */
export function InstallDialog({ connector, installs, onClose }: InstallDialogProps) {
  const { client, announce } = useSession();
  const [name, setName] = useState(connector.title);
  const [tag, setTag] = useState('');
  const [sandbox, setSandbox] = useState(false);
  const id = useId();
  const install = useAction(async () => {
    const { _id } = await client.post<Integration>(`/integrations/${connector._id}/install`, {
      name: name.trim(),
      ...(tag.trim() === '' ? {} : { tag: tag.trim() }),
      ...(sandbox ? { sandbox } : {}),
    });
    announce(`${name.trim()} was installed.`);
    onClose();
    navigate(integrationHref(_id));
  });
  const run = useStartedRun(
    install.isRunning,
    ({ data }) => data._connectorId === connector._id && data.section === 'installer',
  );
  const isDuplicate = installs.some((tile) => tile.name === name.trim() && (tile.tag ?? '') === tag.trim());
  const reach = describeReach(connector);
  return (
    <Dialog title={`Install ${connector.title}`} onClose={onClose} isLocked={install.isRunning}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void install.run();
        }}
      >
        <fieldset class="stack" disabled={install.isRunning}>
          <legend class="visually-hidden">The new integration</legend>
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
              placeholder="EU, staging, Müller & Söhne …"
              aria-describedby={`${id}-hint`}
              onInput={({ currentTarget }) => setTag(currentTarget.value)}
            />
            <p class="hint" id={`${id}-hint`}>
              Distinguishes installations of the same connector.
            </p>
          </div>
          <label class="row">
            <input
              type="checkbox"
              checked={sandbox}
              onChange={({ currentTarget }) => setSandbox(currentTarget.checked)}
            />
            For testing only (sandbox)
          </label>
        </fieldset>
        {isDuplicate && (
          <p class="notice warn">
            An integration with this name and tag already exists. Use another tag to distinguish them.
          </p>
        )}
        <p class="small muted">
          {connector.title} {connector.version} may reach{' '}
          {reach.length === 0 ? 'nothing outside this server' : reach.join('; ')}.
        </p>
        {install.isRunning && <RunPanel label={`Installing ${connector.title}`} run={run} />}
        <ErrorNotice error={install.error} title="It was not installed. Nothing was left behind." />
        <div class="row end">
          <button type="button" class="button" onClick={onClose} disabled={install.isRunning}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={install.isRunning || name.trim() === ''}>
            {install.isRunning ? 'Installing…' : install.error === undefined ? 'Install' : 'Try again'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
