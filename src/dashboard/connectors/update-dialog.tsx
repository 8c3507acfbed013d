import { useEffect, useRef, useState } from 'preact/hooks';
import { errorsOf } from '../api/api-error.ts';
import type { Connector } from '../api/types.ts';
import { integrationHref } from '../app/address.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { useSession } from '../app/session.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { useStartedRun } from '../runs/use-started-run.ts';
import { UpdatePlan } from './update-plan.tsx';
import { type UpdateTarget, useUpdates } from './use-updates.ts';

interface UpdateDialogProps {
  readonly connector: Connector;
  readonly rows: readonly UpdateTarget[];
  readonly reload: () => Promise<void>;
  readonly onClose: () => void;
}

/** Shows what an update will change, then updates one integration after another. It can be stopped in between. */
export function UpdateDialog({ connector, rows, reload, onClose }: UpdateDialogProps) {
  const { announce } = useSession();
  const [isStarted, setIsStarted] = useState(false);
  const updates = useUpdates(connector._id, rows, reload);
  const { done, failures, current, isRunning, isStopping } = updates;
  const run = useStartedRun(
    isRunning,
    ({ data }) => data._integrationId === current?._integrationId && data.section === 'installer',
  );
  const isFinished = isStarted && !isRunning;
  const only = rows.length === 1 ? rows[0] : undefined;
  const heading = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (isFinished && failures.length === 0 && done === rows.length) {
      announce(
        only
          ? `${only.name} now runs version ${connector.version}.`
          : `${pluralize(done, 'integration')} now run version ${connector.version}.`,
      );
      onClose();
    } else if (isFinished) heading.current?.focus();
  }, [isFinished]);
  const start = (): void => {
    setIsStarted(true);
    void updates.start();
  };
  return (
    <Dialog
      title={`Update ${only?.name ?? pluralize(rows.length, 'integration')} to ${connector.version}?`}
      isLocked={isRunning}
      onClose={onClose}
    >
      {!isStarted && <UpdatePlan connector={connector} rows={rows} />}
      {isRunning && rows.length > 1 && (
        <div class="stack tight">
          <p role="status">
            {isStopping ? 'Stopping after this one: ' : 'Updating '}
            <strong>{current?.name}</strong>, {done + failures.length + 1} of {rows.length}
          </p>
          <progress max={rows.length} value={done + failures.length} aria-label="Updated integrations" />
        </div>
      )}
      {isRunning && <RunPanel label={`Updating to ${connector.version}`} run={run} />}
      {isFinished && (
        <p ref={heading} tabIndex={-1} role="status">
          {only
            ? ''
            : `${pluralize(done, 'integration')} updated, ${failures.length} failed, ` +
              `${rows.length - done - failures.length} left as they were.`}
        </p>
      )}
      {failures.length > 0 && only && (
        <ErrorNotice
          error={failures[0]?.error}
          title="The update failed. The integration is unchanged."
          integrationId={only._integrationId}
        />
      )}
      {failures.length > 0 && !only && (
        <div class="notice bad" role="alert">
          <strong>These were not updated. They are unchanged:</strong>
          <ul class="bullets">
            {failures.map(({ target, error }) => (
              <li key={target._integrationId}>
                <a href={integrationHref(target._integrationId, 'runs')}>{target.name}</a>:{' '}
                {errorsOf(error)[0]?.message}
              </li>
            ))}
          </ul>
        </div>
      )}
      <div class="row end">
        {isRunning ? (
          rows.length > 1 && (
            <button type="button" class="button" disabled={isStopping} onClick={updates.stop}>
              Stop after this one
            </button>
          )
        ) : (
          <button type="button" class="button" onClick={onClose}>
            {isStarted ? 'Close' : 'Cancel'}
          </button>
        )}
        <button type="button" class="button primary" disabled={isRunning} onClick={start}>
          {isRunning ? 'Updating…' : isStarted ? 'Try again' : 'Update'}
        </button>
      </div>
    </Dialog>
  );
}
