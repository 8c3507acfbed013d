import type { Run } from '../api/types.ts';
import { integrationHref, type Tab } from '../app/address.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { useCall } from '../steps/use-call.ts';
import { RunPanel } from './run-panel.tsx';

/**
 * Runs a function again, or says where that is done. What a run was called with is not kept, so only a step that
 * takes nothing is repeated from here.
 */
export function RunAgain({ run, integration, connector, reload }: IntegrationProps & { readonly run: Run }) {
  const call = useCall(integration._id, run.section, reload);
  if (run.outcome === 'running') return null;
  const way = wayToRepeat(run, { integration, connector });
  if (way === 'here') {
    return (
      <div class="run-actions stack tight">
        <div>
          <button
            type="button"
            class="button small"
            disabled={call.isRunning}
            onClick={() => void call.run(run.function, {})}
          >
            {call.isRunning ? 'Running…' : 'Run again'}
          </button>
        </div>
        {call.isRunning && <RunPanel label={`${run.section}.${run.function}`} run={call.runRef} />}
        <ErrorNotice error={call.error} title="It failed again. The new run is at the top of the list." />
      </div>
    );
  }
  if (way === undefined) {
    return <p class="run-actions small muted">It cannot be repeated from here, because its input is not kept.</p>;
  }
  return (
    <p class="run-actions">
      <a class="button small" href={integrationHref(integration._id, way.tab)}>
        {way.label}
      </a>
    </p>
  );
}

type Way = 'here' | { readonly tab: Tab; readonly label: string } | undefined;

function wayToRepeat(run: Run, { integration, connector }: Pick<IntegrationProps, 'integration' | 'connector'>): Way {
  const { mode, install = [], uninstall = [] } = integration;
  const { section, function: name } = run;
  if (section === 'installer' && mode !== 'uninstall') {
    const step = install.find(({ installerFunction }) => installerFunction === name);
    if (!step) return undefined;
    const takesNothing = step.form === undefined && !step._connectionId && step.installURL === undefined;
    return takesNothing && connector ? 'here' : { tab: 'setup', label: 'Repeat it in the setup' };
  }
  if (section === 'uninstaller') {
    const isStep = uninstall.some(({ uninstallerFunction }) => uninstallerFunction === name);
    // Never here: removing asks first.
    return isStep || name === connector?.preUninstallFunction
      ? { tab: 'remove', label: 'Go to the removal' }
      : undefined;
  }
  const isOfForm = section === 'settings' && (name === 'persistSettings' || name === 'refreshMetadata');
  return isOfForm ? { tab: 'settings', label: 'Repeat it in the settings' } : undefined;
}
