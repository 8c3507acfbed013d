import { useState } from 'preact/hooks';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.tsx';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { useStartedRun } from '../runs/use-started-run.ts';
import { StepsList } from '../steps/steps-list.tsx';
import { useCall, useRuns } from '../steps/use-call.ts';
import { ConfirmRow } from './confirm-row.tsx';

/** Runs the pre-uninstall function, its steps, and then the removal. */
export function Uninstall({ integration, connector, reload }: IntegrationProps) {
  const { client, announce } = useSession();
  const { _id, name, mode, uninstall: steps = [] } = integration;
  const [isConfirming, setIsConfirming] = useState(false);
  const call = useCall(_id, 'uninstaller', reload);
  const runs = useRuns(_id);
  const remove = useAction(async () => {
    await client.delete(`/integrations/${_id}/install`);
    announce(`${name} was removed.`);
    navigate('#/');
  });
  const run = useStartedRun(
    remove.isRunning,
    ({ data }) => data._integrationId === _id && data.section === 'uninstaller',
  );
  const preUninstall = connector?.preUninstallFunction;
  const hasStarted = mode === 'uninstall';
  const remaining = steps.filter(({ completed }) => !completed).length;
  const isPreparing = call.isRunning && call.functionName === preUninstall;
  return (
    <section class="card stack" aria-labelledby="remove-title">
      <h2 id="remove-title">{hasStarted ? 'Being removed' : 'Remove this integration'}</h2>
      {!hasStarted && (
        <>
          <p>
            The connector undoes what it set up. Then the integration is deleted with all its records and settings.
            {preUninstall !== undefined && ' First it lists the steps this takes.'}
          </p>
          <div>
            <button
              type="button"
              class="button danger"
              disabled={call.isRunning || remove.isRunning || !connector}
              onClick={() => (preUninstall === undefined ? setIsConfirming(true) : void call.run(preUninstall, {}))}
            >
              {isPreparing ? 'Preparing…' : preUninstall === undefined ? 'Remove' : 'Start removal'}
            </button>
          </div>
          {isPreparing && <RunPanel label="Preparing the removal" run={call.runRef} />}
          {call.functionName === preUninstall && (
            <ErrorNotice error={call.error} title="Could not start the removal." />
          )}
        </>
      )}
      {hasStarted && (
        <>
          {steps.length > 0 && (
            <>
              <p class="muted" role="status">
                {remaining === 0
                  ? 'All steps are done.'
                  : `${pluralize(remaining, 'step')} left. You can come back at any time.`}
              </p>
              <StepsList integration={integration} steps={steps} section="uninstaller" call={call} runs={runs} />
            </>
          )}
          <div>
            <button
              type="button"
              class="button danger primary"
              disabled={remaining > 0 || call.isRunning || remove.isRunning || !connector}
              onClick={() => setIsConfirming(true)}
            >
              Remove permanently
            </button>
          </div>
        </>
      )}
      {isConfirming && (
        <Dialog title={`Remove ${name}?`} onClose={() => setIsConfirming(false)} isLocked={remove.isRunning}>
          <p>Its settings, connections, exports, imports, flows and runs are deleted. This cannot be undone.</p>
          {remove.isRunning && <RunPanel label={`Removing ${name}`} run={run} />}
          <ErrorNotice error={remove.error} title="Removal failed. Nothing has changed." />
          <ConfirmRow label="Remove" runningLabel="Removing…" action={remove} onCancel={() => setIsConfirming(false)} />
        </Dialog>
      )}
    </section>
  );
}
