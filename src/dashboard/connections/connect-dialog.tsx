import { asString, type JsonObject } from '../api/json.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { Destination } from './destination.tsx';
import { useConnect } from './use-oauth.ts';

interface ConnectDialogProps {
  readonly record: JsonObject;
  /** The page to come back to. */
  readonly returnTo: string;
  /** Connected without leaving the page. */
  readonly onConnected: () => Promise<void>;
  readonly onClose: () => void;
}

/** Shows where tokens will go before the user leaves for the provider. */
export function ConnectDialog({ record, returnTo, onConnected, onClose }: ConnectDialogProps) {
  const { announce } = useSession();
  const name = asString(record.name) ?? '';
  const connect = useConnect(asString(record._id) ?? '', returnTo);
  return (
    <Dialog title={`Connect ${name}`} onClose={onClose} isLocked={connect.isRunning}>
      <Destination record={record} />
      <ErrorNotice error={connect.error} title="It was not connected." />
      <div class="row end">
        <button type="button" class="button" onClick={onClose} disabled={connect.isRunning}>
          Cancel
        </button>
        <button
          type="button"
          class="button primary"
          disabled={connect.isRunning}
          onClick={() =>
            void connect.run().then(async (isDone) => {
              await onConnected();
              if (!isDone) return;
              announce(`${name} is connected.`);
              onClose();
            })
          }
        >
          {connect.isRunning ? 'Connecting…' : 'Continue'}
        </button>
      </div>
    </Dialog>
  );
}
