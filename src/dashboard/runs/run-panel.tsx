import { useEffect, useState } from 'preact/hooks';
import type { Run } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { formatDuration } from '../app/format.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { useResource } from '../app/use-resource.ts';
import { LogLines } from './log-lines.tsx';
import type { RunRef } from './use-started-run.ts';

interface RunPanelProps {
  /** Describes the running action. */
  readonly label: string;
  /** Undefined until the run's id is known. */
  readonly run: RunRef | undefined;
}

/** A running call: progress, elapsed time, live log, and a button to cancel it. */
export function RunPanel({ label, run }: RunPanelProps) {
  const { client } = useSession();
  const path = run && `/integrations/${run.integrationId}/runs/${run.runId}`;
  const { value } = useResource<Run>({
    key: path,
    load: (api, signal) => api.get<Run>(path ?? '', signal),
    isAffected: ({ data }) => data.runId === run?.runId,
    minIntervalMs: 200,
  });
  const cancel = useAction(() => client.delete(path ?? ''));
  const { fraction, message } = value?.progress ?? {};
  const elapsedMs = useElapsed(value?.startedAt);
  return (
    <div class="run-panel stack tight">
      <div class="row apart">
        <span role="status">{message || `${label}…`}</span>
        <span class="muted small" title="Elapsed">
          {formatDuration(elapsedMs)}
        </span>
      </div>
      <div class="row progress-row">
        <progress aria-label={label} {...(fraction === undefined ? {} : { value: fraction })} max={1} />
        <button
          type="button"
          class="button small"
          disabled={!run || cancel.isRunning || (value !== undefined && value.outcome !== 'running')}
          onClick={() => void cancel.run()}
        >
          {cancel.isRunning ? 'Cancelling…' : 'Cancel run'}
        </button>
      </div>
      <ErrorNotice error={cancel.error} title="The run was not cancelled." />
      {value?.log && value.log.length > 0 && <LogLines lines={value.log} isLive />}
    </div>
  );
}

/** In whole seconds, to avoid flicker. */
function useElapsed(startedAt: string | undefined): number {
  const [mountedAt] = useState(Date.now);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  // The server's clock may be ahead: never start in the future.
  const since = Math.min(startedAt === undefined ? mountedAt : Date.parse(startedAt), now);
  return Math.floor((now - since) / 1000) * 1000;
}
