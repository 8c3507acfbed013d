import type { Connector, Integration } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { useStartedRun } from '../runs/use-started-run.ts';
import { isNewer } from './is-newer.ts';

interface UpdateNoticeProps {
  readonly integration: Integration;
  readonly connector: Connector;
  readonly reload: () => Promise<void>;
}

/** Offers an update to a newer bundle, and shows its progress or its error. */
export function UpdateNotice({ integration, connector, reload }: UpdateNoticeProps) {
  const { client, announce } = useSession();
  const { _id, version, updateInProgress } = integration;
  const update = useAction(async () => {
    try {
      await client.put(`/connectors/${connector._id}/update`, { _integrationIds: [_id] });
      announce(`${integration.name} now runs version ${connector.version}.`);
    } finally {
      await reload();
    }
  });
  const run = useStartedRun(
    update.isRunning,
    ({ data }) => data._integrationId === _id && data.section === 'installer',
  );
  const isOffered = connector.status !== 'invalid' && isNewer(connector.version, version);
  if (!isOffered && !update.isRunning && update.error === undefined && !updateInProgress) return null;
  if (updateInProgress && !update.isRunning) {
    return (
      <p class="notice" role="status">
        This integration is being updated. Its settings are locked until the update ends.
      </p>
    );
  }
  return (
    <div class="notice accent">
      <div class="row apart">
        <span>
          <strong>Version {connector.version} is available.</strong> This integration runs{' '}
          {version ?? 'an older version'}.
        </span>
        <button type="button" class="button primary" disabled={update.isRunning} onClick={() => void update.run()}>
          {update.isRunning ? 'Updating…' : update.error === undefined ? 'Update' : 'Try again'}
        </button>
      </div>
      {update.isRunning && <RunPanel label={`Updating to ${connector.version}`} run={run} />}
      <ErrorNotice error={update.error} title="The update failed. The integration is unchanged." />
    </div>
  );
}
