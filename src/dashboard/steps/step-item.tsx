import { useId } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { asString, type Json } from '../api/json.ts';
import type { Integration, Run, Step } from '../api/types.ts';
import { ErrorNotice, FailedRun } from '../app/error-notice.tsx';
import { isSafeImage } from '../app/images.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { StepBody } from './step-body.tsx';
import { type Call, lastRunOf } from './use-call.ts';

interface StepItemProps {
  readonly number: number;
  readonly integration: Integration;
  readonly step: Step;
  readonly section: 'installer' | 'uninstaller';
  readonly isOpen: boolean;
  readonly isCurrent: boolean;
  readonly onToggle: () => void;
  readonly call: Call;
  readonly runs: readonly Run[] | undefined;
}

/** One step, with a header that expands it. */
export function StepItem(props: StepItemProps) {
  const { number, integration, step, section, isOpen, isCurrent, onToggle, call, runs } = props;
  const id = useId();
  const name = asString(step.name) ?? `Step ${number}`;
  const functionName = section === 'installer' ? step.installerFunction : step.uninstallerFunction;
  const isOwnCall = functionName !== undefined && call.functionName === functionName;
  const lastRun = lastRunOf(runs, section, functionName);
  // Started before this page was loaded, and still running.
  const isRunningElsewhere = !call.isRunning && lastRun?.outcome === 'running';
  const isRunning = (isOwnCall && call.isRunning) || isRunningElsewhere;
  const otherRun = lastRun?.outcome === 'running' ? { integrationId: integration._id, runId: lastRun._id } : undefined;
  const runRef = (call.isRunning && call.runRef) || otherRun;
  const error = isOwnCall ? call.error : !step.completed && isCurrent ? errorOf(lastRun) : undefined;
  const isShownByForm = isOwnCall && step.form !== undefined;
  const state = step.completed ? 'done' : isCurrent ? 'current' : 'open';
  return (
    <li class={`step ${state}`} aria-current={isCurrent ? 'step' : undefined}>
      <h3 class="step-head">
        <button type="button" class="step-toggle" aria-expanded={isOpen} aria-controls={id} onClick={onToggle}>
          <span class="step-mark" aria-hidden="true">
            {step.completed ? '✓' : number}
          </span>
          <span class="step-name">{name}</span>
          <span class={`badge ${step.completed ? 'good' : isCurrent ? 'accent' : ''}`}>
            {step.completed ? 'Done' : isCurrent ? 'Next' : 'To do'}
          </span>
        </button>
      </h3>
      <div id={id} class="step-body stack" hidden={!isOpen}>
        {isOpen && (
          <>
            {asString(step.imageURL) && isSafeImage(step.imageURL ?? '') && (
              <img class="step-image" src={step.imageURL} alt="" referrerpolicy="no-referrer" />
            )}
            {asString(step.description) && <p class="multiline">{step.description}</p>}
            <StepBody
              integration={integration}
              step={step}
              section={section}
              functionName={functionName}
              isRunning={isRunning}
              isBlocked={call.isRunning}
              onRun={(body: Json) =>
                functionName === undefined ? Promise.resolve(false) : call.run(functionName, body)
              }
              onSubmitForm={(body: Json) => call.runOrThrow(functionName ?? '', body)}
            />
            {isRunning && <RunPanel label={name} run={runRef} />}
            {!isRunning && !isShownByForm && (
              <ErrorNotice error={error} title="This step failed." integrationId={integration._id} />
            )}
            {!isRunning && isShownByForm && <FailedRun error={error} integrationId={integration._id} />}
          </>
        )}
      </div>
    </li>
  );
}

/** Error of the last attempt, made before this page was loaded. */
function errorOf(run: Run | undefined): unknown {
  if (!run || run.outcome === 'running' || run.outcome === 'succeeded') return undefined;
  if (run.errors && run.errors.length > 0) return new ApiError(422, run.errors, run._id);
  const message = run.outcome === 'cut_off' ? 'The server stopped during the run.' : 'The run failed.';
  return new ApiError(422, [{ code: run.fault ?? run.outcome, message }], run._id);
}
