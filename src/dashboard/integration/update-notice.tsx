import { useState } from 'preact/hooks';
import type { Connector, Integration } from '../api/types.ts';
import { UpdateDialog } from '../connectors/update-dialog.tsx';
import { isNewer } from './is-newer.ts';

interface UpdateNoticeProps {
  readonly integration: Integration;
  readonly connector: Connector;
  readonly reload: () => Promise<void>;
}

/** Offers an update to a newer bundle. */
export function UpdateNotice({ integration, connector, reload }: UpdateNoticeProps) {
  const { _id, name, version, updateInProgress } = integration;
  const [isReviewing, setIsReviewing] = useState(false);
  const isOffered = connector.status !== 'invalid' && isNewer(connector.version, version);
  return (
    <>
      {updateInProgress && !isReviewing && (
        <p class="notice" role="status">
          This integration is being updated. Its settings are locked until the update ends.
        </p>
      )}
      {isOffered && !updateInProgress && (
        <div class="notice accent">
          <div class="row apart">
            <span>
              <strong>Version {connector.version} is available.</strong> This integration runs{' '}
              {version ?? 'an older version'}.
            </span>
            <button type="button" class="button primary" onClick={() => setIsReviewing(true)}>
              Review update
            </button>
          </div>
        </div>
      )}
      {isReviewing && (
        <UpdateDialog
          connector={connector}
          rows={[{ _integrationId: _id, name, version: version ?? null }]}
          reload={reload}
          onClose={() => setIsReviewing(false)}
        />
      )}
    </>
  );
}
