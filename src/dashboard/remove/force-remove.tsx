import { useState } from 'preact/hooks';
import type { ErrorItem } from '../api/api-error.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { ConfirmRow } from './confirm-row.tsx';
import { RecordsSummary } from './records-summary.tsx';

/** Removes an integration even if its connector or application is broken. */
export function ForceRemove({ integration, connector }: IntegrationProps) {
  const { client, announce } = useSession();
  const { _id, name } = integration;
  const [isConfirming, setIsConfirming] = useState(false);
  const remove = useAction(async () => {
    const reply = await client.delete<{ errors?: readonly ErrorItem[] }>(`/integrations/${_id}/install?force=true`);
    const [failed] = reply?.errors ?? [];
    announce(failed ? `${name} was removed, but the connector failed: ${failed.message}` : `${name} was removed.`);
    navigate('#/');
  });
  return (
    <section class="card stack" aria-labelledby="force-title">
      <h2 id="force-title">Force removal</h2>
      <p class="muted">
        {connector
          ? 'Use this only if the removal above fails. The connector still runs, but its errors are ignored.'
          : 'The connector is missing and cannot undo what it set up.'}
      </p>
      <div>
        <button type="button" class="button danger" onClick={() => setIsConfirming(true)}>
          Force removal
        </button>
      </div>
      {isConfirming && (
        <Dialog
          title={`Force the removal of ${name}?`}
          onClose={() => setIsConfirming(false)}
          isLocked={remove.isRunning}
        >
          <p class="notice warn">
            What the connector set up in the applications may stay there, and nothing will undo it later. The settings,
            credentials, runs and records are deleted for good.
          </p>
          <RecordsSummary integrationId={_id} />
          <ErrorNotice error={remove.error} title="It was not removed." />
          <ConfirmRow
            label="Force removal"
            runningLabel="Removing…"
            action={remove}
            onCancel={() => setIsConfirming(false)}
          />
        </Dialog>
      )}
    </section>
  );
}
