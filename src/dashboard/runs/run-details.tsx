import type { ComponentChildren } from 'preact';
import { ApiError } from '../api/api-error.ts';
import type { Run } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { Time } from '../app/time.tsx';
import { useResource } from '../app/use-resource.ts';
import { LogLines } from './log-lines.tsx';
import { RunPanel } from './run-panel.tsx';
import { RunPayloads } from './run-payloads.tsx';

interface RunDetailsProps {
  readonly integrationId: string;
  readonly runId: string;
  /** Shown below the record. */
  readonly actionsOf?: ((run: Run) => ComponentChildren) | undefined;
}

/** All that the record of a run has. */
export function RunDetails({ integrationId, runId, actionsOf }: RunDetailsProps) {
  const path = `/integrations/${integrationId}/runs/${runId}`;
  const { value, error } = useResource<Run>({
    key: path,
    load: (client, signal) => client.get<Run>(path, signal),
    isAffected: ({ type, data }) => type === 'run.ended' && data.runId === runId,
  });
  if (!value) {
    return error === undefined ? (
      <p role="status">Loading the run…</p>
    ) : (
      <ErrorNotice error={error} title="The run could not be loaded." />
    );
  }
  if (value.outcome === 'running') {
    return <RunPanel label={`${value.section}.${value.function}`} run={{ integrationId, runId }} />;
  }
  const { errors, stack, log = [], outcome } = value;
  return (
    <div class="stack">
      <RunFacts run={value} />
      {errors && errors.length > 0 && <ErrorNotice error={new ApiError(422, errors)} />}
      {outcome === 'cut_off' && (
        <p class="notice warn">The server stopped during this run. None of its changes were stored.</p>
      )}
      {stack && (
        <details>
          <summary class="small">Stack trace</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: lets keyboard users scroll it */}
          <pre tabIndex={0}>{stack}</pre>
        </details>
      )}
      <RunPayloads run={value} />
      {log.length === 0 ? <p class="small muted">It wrote no log lines.</p> : <LogLines lines={log} />}
      {actionsOf?.(value)}
    </div>
  );
}

function RunFacts({ run }: { readonly run: Run }) {
  const { _id, startedAt, endedAt, requests, version, node, traceId, progress } = run;
  return (
    <div class="small muted">
      <p>
        Version {version} · {pluralize(requests, 'request')} · <Time at={startedAt} withSeconds />
        {endedAt && (
          <>
            {' to '}
            <Time at={endedAt} withSeconds />
          </>
        )}
        {node !== undefined && ` · on ${node}`}
      </p>
      {progress?.message && <p>It came as far as: {progress.message}</p>}
      <p>
        Run <code>{_id}</code>
        {traceId !== undefined && (
          <>
            {' · trace '}
            <code>{traceId}</code>
          </>
        )}
      </p>
    </div>
  );
}
