import type { FlowRecord, Job } from './flow-types.ts';
import { isActive } from './job-state.ts';
import type { FlowActions } from './use-flow.ts';

interface FlowControlsProps {
  readonly flow: FlowRecord;
  /** The latest. */
  readonly job: Job | undefined;
  readonly actions: FlowActions;
}

/** Turns a flow on and off, runs it, and cancels its job. */
export function FlowControls({ flow: { name, disabled }, job, actions: { toggle, run, cancel } }: FlowControlsProps) {
  const isOn = disabled !== true;
  const active = job && isActive(job) ? job : undefined;
  return (
    <div class="row">
      <button
        type="button"
        role="switch"
        class="switch"
        aria-checked={isOn}
        aria-label={`${name}: on`}
        aria-disabled={toggle.isRunning}
        onClick={() => void toggle.run(!isOn)}
      >
        <span class="switch-track" aria-hidden="true" />
        <span aria-hidden="true">{isOn ? 'On' : 'Off'}</span>
      </button>
      {active ? (
        <button
          type="button"
          key="action"
          class="button small"
          aria-disabled={cancel.isRunning || active.status === 'canceling'}
          onClick={() => active.status !== 'canceling' && void cancel.run(active)}
        >
          {active.status === 'canceling' ? 'Cancelling…' : 'Cancel'}
          <span class="visually-hidden"> {name}</span>
        </button>
      ) : (
        <button
          type="button"
          key="action"
          class="button small"
          disabled={!isOn}
          aria-disabled={run.isRunning}
          title={isOn ? undefined : 'Turn the flow on to run it.'}
          onClick={() => void run.run()}
        >
          {run.isRunning ? 'Starting…' : 'Run now'}
          <span class="visually-hidden"> {name}</span>
        </button>
      )}
    </div>
  );
}
