import { integrationHref } from '../app/address.ts';
import { pluralize } from '../app/format.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { StepsList } from './steps-list.tsx';
import { useCall, useRuns } from './use-call.ts';

/** The steps of an installation. It can be left and resumed at any time. */
export function SetupPage({ integration, reload }: IntegrationProps) {
  const { _id, install = [], mode } = integration;
  const call = useCall(_id, 'installer', reload);
  const runs = useRuns(_id);
  const done = install.filter(({ completed }) => completed).length;
  if (install.length === 0) {
    return (
      <div class="card stack">
        <h2>Nothing to set up</h2>
        <p class="muted">This connector has no steps.</p>
        <div>
          <a class="button primary" href={integrationHref(_id, 'settings')}>
            Go to settings
          </a>
        </div>
      </div>
    );
  }
  return (
    <div class="stack">
      <div class="row apart">
        <h2>{mode === 'install' ? 'Finish setup' : 'Setup'}</h2>
        <span class="muted small" role="status">
          {done} of {pluralize(install.length, 'step')} done
        </span>
      </div>
      <progress class="wide" max={install.length} value={done} aria-label="Steps done" />
      {mode === 'settings' && (
        <div class="notice good row apart">
          <span>
            <strong>Setup is complete.</strong> Check the settings next.
          </span>
          <a class="button primary" href={integrationHref(_id, 'settings')}>
            Go to settings
          </a>
        </div>
      )}
      <StepsList integration={integration} steps={install} section="installer" call={call} runs={runs} />
    </div>
  );
}
