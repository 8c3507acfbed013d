import { useState } from 'preact/hooks';
import type { ErrorItem } from '../api/api-error.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { RecordsSummary } from './records-summary.tsx';

/** For an integration whose connector or application is broken: it must not be stuck. */
export function ForceRemove({ integration, connector }: IntegrationProps) {
  const { client, announce } = useSession();
  const { _id, name } = integration;
  const [isConfirming, setIsConfirming] = useState(false);
  const remove = useAction(async () => {
    const reply = await client.delete<{ errors?: readonly ErrorItem[] }>(`/integrations/${_id}/install?force=true`);
    const [failed] = reply?.errors ?? [];
    announce(failed ? `${name} is removed, although the connector failed: ${failed.message}` : `${name} is removed.`);
    navigate('#/');
  });
  return (
    <section class="card stack" aria-labelledby="force-title">
      <h2 id="force-title">Remove it by force</h2>
      <p class="muted">
        {connector
          ? 'Only if the way above does not work: the connector is asked, but need not succeed.'
          : 'The connector is gone and cannot undo what it has set up.'}
      </p>
      <div>
        <button type="button" class="button danger" onClick={() => setIsConfirming(true)}>
          Remove by force
        </button>
      </div>
      {isConfirming && (
        <Dialog title={`Remove ${name} by force?`} onClose={() => setIsConfirming(false)} isLocked={remove.isRunning}>
          <p class="notice warn">
            What the connector has set up in the applications may stay there: nobody undoes it afterwards. Lost for good
            are the settings, the credentials, the runs, and the records.
          </p>
          <RecordsSummary integrationId={_id} />
          <ErrorNotice error={remove.error} title="It was not removed." />
          <div class="row end">
            <button type="button" class="button" disabled={remove.isRunning} onClick={() => setIsConfirming(false)}>
              Keep it
            </button>
            <button
              type="button"
              class="button danger primary"
              disabled={remove.isRunning}
              onClick={() => void remove.run()}
            >
              {remove.isRunning ? 'Removing…' : 'Remove by force'}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
