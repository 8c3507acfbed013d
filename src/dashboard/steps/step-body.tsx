import { useState } from 'preact/hooks';
import { asString, type Json } from '../api/json.ts';
import type { Integration, Step } from '../api/types.ts';
import { safeLink } from '../app/images.ts';
import { ConnectionStep } from '../connections/connection-step.tsx';
import { StepForm } from '../form/step-form.tsx';

interface StepBodyProps {
  readonly integration: Integration;
  readonly step: Step;
  readonly section: 'installer' | 'uninstaller';
  readonly functionName: string | undefined;
  readonly isRunning: boolean;
  /** Another call is running. */
  readonly isBlocked: boolean;
  /** Resolves to whether it succeeded. */
  readonly onRun: (body: Json) => Promise<boolean>;
  /** Rejects, so that a form can show errors at its fields. */
  readonly onSubmitForm: (body: Json) => Promise<void>;
}

/** A step of a setup checks what the user has done; one of a removal does something. */
const wordsOf = {
  installer: { run: 'Verify', afterLink: 'Done, verify it', save: 'Save and verify', running: 'Verifying…' },
  uninstaller: { run: 'Do this step', afterLink: 'Done, go on', save: 'Save and go on', running: 'Working…' },
} as const;

/** The content of a step, by its kind. */
export function StepBody(props: StepBodyProps) {
  const { integration, step, section, functionName, isRunning, isBlocked, onRun, onSubmitForm } = props;
  const [hasOpenedLink, setHasOpenedLink] = useState(false);
  if (functionName === undefined) {
    return <p class="muted">Nothing to do here. The connector completes this step itself.</p>;
  }
  const verb = step.completed ? 'Run again' : undefined;
  const words = wordsOf[section];
  if (asString(step._connectionId)) {
    return (
      <ConnectionStep
        connectionId={step._connectionId ?? ''}
        integrationId={integration._id}
        tab={section === 'installer' ? 'setup' : 'remove'}
        isLocked={isRunning || isBlocked}
        submitLabel={verb ?? words.save}
        onSaved={() => onRun({})}
      />
    );
  }
  if (step.form !== undefined) {
    return (
      <StepForm
        form={step.form}
        submitLabel={isRunning ? words.running : (verb ?? 'Continue')}
        onSubmit={onSubmitForm}
        isLocked={isRunning || isBlocked}
      />
    );
  }
  if (step.installURL !== undefined) {
    const href = safeLink(step.installURL);
    return (
      <div class="stack">
        {href ? (
          <p>
            <a
              class={`button ${hasOpenedLink || step.completed ? '' : 'primary'}`}
              href={href}
              target="_blank"
              rel="noopener noreferrer"
              onClick={() => setHasOpenedLink(true)}
            >
              Open {new URL(href).host}
              <span class="visually-hidden"> in a new tab</span> <span aria-hidden="true">↗</span>
            </a>
          </p>
        ) : (
          <p class="notice warn">
            The connector gave an address that cannot be opened from here: <code>{String(step.installURL)}</code>
          </p>
        )}
        <RunButton
          isPrimary={hasOpenedLink || !href}
          isDisabled={isRunning || isBlocked}
          label={isRunning ? words.running : (verb ?? words.afterLink)}
          onRun={onRun}
        />
      </div>
    );
  }
  return (
    <RunButton
      isPrimary={!step.completed}
      isDisabled={isRunning || isBlocked}
      label={isRunning ? words.running : (verb ?? words.run)}
      onRun={onRun}
    />
  );
}

interface RunButtonProps {
  readonly isPrimary: boolean;
  readonly isDisabled: boolean;
  readonly label: string;
  readonly onRun: (body: Json) => Promise<boolean>;
}

function RunButton({ isPrimary, isDisabled, label, onRun }: RunButtonProps) {
  return (
    <div>
      <button
        type="button"
        class={`button ${isPrimary ? 'primary' : ''}`}
        disabled={isDisabled}
        onClick={() => void onRun({})}
      >
        {label}
      </button>
    </div>
  );
}
