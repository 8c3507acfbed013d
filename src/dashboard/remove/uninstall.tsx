import { useState } from 'preact/hooks';
import { counted } from '../app/amounts.tsx';
import { Dialog } from '../app/dialog.tsx';
import { Problem } from '../app/problem.tsx';
import { go } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { useStartedRun } from '../runs/use-started-run.ts';
import { StepsList } from '../steps/steps-list.tsx';
import { useCall, useRuns } from '../steps/use-call.ts';

/** Pre-uninstall, its steps, and then the removal itself. */
export function Uninstall({ integration, connector, reload }: IntegrationProps) {
  const { client, announce } = useSession();
  const { _id, name, mode, uninstall: steps = [] } = integration;
  const [isAsking, setIsAsking] = useState(false);
  const call = useCall(_id, 'uninstaller', reload);
  const runs = useRuns(_id);
  const remove = useAction(async () => {
    await client.delete(`/integrations/${_id}/install`);
    announce(`${name} is removed.`);
    go('#/');
  });
  const run = useStartedRun(
    remove.isGoing,
    ({ data }) => data._integrationId === _id && data.section === 'uninstaller',
  );
  const before = connector?.preUninstallFunction;
  const isBegun = mode === 'uninstall';
  const left = steps.filter(({ completed }) => !completed).length;
  const isPreparing = call.isGoing && call.functionName === before;
  return (
    <section class="card stack" aria-labelledby="remove-title">
      <h2 id="remove-title">{isBegun ? 'Being removed' : 'Remove this integration'}</h2>
      {!isBegun && (
        <>
          <p>
            The connector undoes what it has set up; then the integration goes, with all its records and settings.
            {before !== undefined && ' First it says which steps that takes.'}
          </p>
          <div>
            <button
              type="button"
              class="button danger"
              disabled={call.isGoing || remove.isGoing || !connector}
              onClick={() => (before === undefined ? setIsAsking(true) : void call.run(before, {}))}
            >
              {isPreparing ? 'Preparing…' : before === undefined ? 'Remove' : 'Begin the removal'}
            </button>
          </div>
          {isPreparing && <RunPanel label="Preparing the removal" run={call.address} />}
          {call.functionName === before && <Problem error={call.error} title="The removal did not begin." />}
        </>
      )}
      {isBegun && (
        <>
          {steps.length > 0 && (
            <>
              <p class="muted" role="status">
                {left === 0 ? 'All steps are done.' : `${counted(left, 'step')} left. You can come back at any time.`}
              </p>
              <StepsList integration={integration} steps={steps} section="uninstaller" call={call} runs={runs} />
            </>
          )}
          <div>
            <button
              type="button"
              class="button danger primary"
              disabled={left > 0 || call.isGoing || remove.isGoing || !connector}
              onClick={() => setIsAsking(true)}
            >
              Remove it for good
            </button>
          </div>
        </>
      )}
      {isAsking && (
        <Dialog title={`Remove ${name}?`} onClose={() => setIsAsking(false)} isLocked={remove.isGoing}>
          <p>Its settings, connections, exports, imports, flows and runs are deleted. This cannot be undone.</p>
          {remove.isGoing && <RunPanel label={`Removing ${name}`} run={run} />}
          <Problem error={remove.error} title="It was not removed; nothing has changed." />
          <div class="row end">
            <button type="button" class="button" disabled={remove.isGoing} onClick={() => setIsAsking(false)}>
              Keep it
            </button>
            <button
              type="button"
              class="button danger primary"
              disabled={remove.isGoing}
              onClick={() => void remove.run()}
            >
              {remove.isGoing ? 'Removing…' : 'Remove'}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
