import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Job } from '../api/types.ts';
import type { FlowRecord } from './flow-types.ts';
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
  const runButton = useRef<HTMLButtonElement>(null);
  const cancelButton = useRef<HTMLButtonElement>(null);
  const isOn = disabled !== true;
  const active = job && isActive(job) ? job : undefined;
  const isCanceling = cancel.isRunning || active?.status === 'canceling';
  const losesFocus = !active && cancelButton.current !== null && document.activeElement === cancelButton.current;
  useLayoutEffect(() => {
    if (losesFocus) runButton.current?.focus();
  });
  // What could not be done while a job ran may be possible now.
  useEffect(() => {
    if (active) return;
    run.clearError();
    cancel.clearError();
  }, [active?._id]);
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
      {/* Before the other button, which stays in place: a second click on that one must not cancel. */}
      {active && (
        <button
          type="button"
          ref={cancelButton}
          class="button small"
          aria-disabled={isCanceling}
          onClick={() => !isCanceling && void cancel.run(active)}
        >
          {isCanceling ? 'Cancelling…' : 'Cancel'}
          <span class="visually-hidden"> {name}</span>
        </button>
      )}
      <button
        type="button"
        ref={runButton}
        class="button small"
        disabled={!isOn}
        aria-disabled={run.isRunning || active !== undefined}
        title={isOn ? undefined : 'Turn the flow on to run it.'}
        onClick={() => !active && void run.run()}
      >
        {run.isRunning ? 'Starting…' : active ? 'Running…' : 'Run now'}
        <span class="visually-hidden"> {name}</span>
      </button>
    </div>
  );
}
