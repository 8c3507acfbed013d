import { useId, useState } from 'preact/hooks';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { StepsList } from '../steps/steps-list.tsx';
import { useCall, useRuns } from '../steps/use-call.ts';
import { BeginDialog } from './begin-dialog.tsx';
import { DeleteDialog } from './delete-dialog.tsx';

/** Asks, runs the pre-uninstall function and its steps, asks again, and removes. */
export function Uninstall(props: IntegrationProps) {
  const { integration, connector, reload } = props;
  const { client, announce } = useSession();
  const { _id, name, mode, uninstall: steps = [] } = integration;
  const [asks, setAsks] = useState<'begin' | 'delete'>();
  const call = useCall(_id, 'uninstaller', reload);
  const runs = useRuns(_id);
  const remove = useAction(async () => {
    await client.delete(`/integrations/${_id}/install`);
    announce(`${name} was removed.`);
    navigate('#/');
  });
  const keep = useAction(async () => {
    await client.put(`/integrations/${_id}/uninstall/cancel`, undefined);
    await reload();
    announce(`The removal of ${name} was called off.`);
  });
  const preUninstall = connector?.preUninstallFunction;
  const hasBegun = mode === 'uninstall';
  const canKeep = hasBegun && steps.every(({ completed }) => completed !== true);
  const remaining = steps.filter(({ completed }) => !completed).length;
  const reasonId = useId();
  return (
    <section class="card stack" aria-labelledby="remove-title">
      <h2 id="remove-title">{hasBegun ? 'Being removed' : 'Remove this integration'}</h2>
      {!hasBegun && (
        <p>
          The connector undoes what it set up in the applications. Then the integration is deleted, with its settings,
          records and runs.
        </p>
      )}
      {hasBegun && (
        <p class="muted" role="status">
          {remaining === 0
            ? 'All steps are done. Nothing is deleted before you confirm it.'
            : `${pluralize(remaining, 'step')} left. You can leave and come back at any time.`}
        </p>
      )}
      {canKeep && (
        <div class="row apart">
          <p>No step is done yet, so you can still keep the integration.</p>
          <button
            type="button"
            class="button"
            disabled={keep.isRunning || call.isRunning || remove.isRunning}
            onClick={() => void keep.run()}
          >
            {keep.isRunning ? 'Calling the removal off…' : 'Call the removal off'}
          </button>
        </div>
      )}
      <ErrorNotice error={keep.error} title="The removal was not called off." />
      {hasBegun && steps.length > 0 && (
        <StepsList integration={integration} steps={steps} section="uninstaller" call={call} runs={runs} />
      )}
      <div class="row">
        {hasBegun ? (
          <button
            type="button"
            class="button danger primary"
            disabled={remaining > 0 || call.isRunning || !connector}
            aria-describedby={reasonId}
            onClick={() => setAsks('delete')}
          >
            Remove permanently
          </button>
        ) : (
          <button
            type="button"
            class="button danger"
            disabled={!connector}
            aria-describedby={reasonId}
            onClick={() => setAsks(preUninstall === undefined ? 'delete' : 'begin')}
          >
            {preUninstall === undefined ? 'Remove' : 'Start removal'}
          </button>
        )}
        <span class="muted small" id={reasonId}>
          {!connector
            ? 'Its connector is missing. Bring it back, or force the removal.'
            : hasBegun && remaining > 0
              ? 'Possible when all steps are done.'
              : 'You are asked before anything happens.'}
        </span>
      </div>
      {asks === 'begin' && preUninstall !== undefined && (
        <BeginDialog
          integration={integration}
          call={call}
          preUninstall={preUninstall}
          onClose={() => {
            call.clearError();
            setAsks(undefined);
          }}
        />
      )}
      {asks === 'delete' && (
        <DeleteDialog integration={integration} remove={remove} onClose={() => setAsks(undefined)} />
      )}
    </section>
  );
}
