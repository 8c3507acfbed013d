import { useEffect } from 'preact/hooks';
import { returnHref, type Tab } from '../app/address.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSignInReturn } from '../app/sign-in-return.ts';
import { ConnectionFields } from './connection-fields.tsx';
import { usesOAuth } from './credentials.ts';
import { Destination } from './destination.tsx';
import { OAuthDetails } from './oauth-details.tsx';
import { useConnection } from './use-connection.ts';
import { useConnect, useOAuthStatus } from './use-oauth.ts';

interface ConnectionStepProps {
  readonly connectionId: string;
  readonly integrationId: string;
  /** The page that the step is on. */
  readonly tab: Tab;
  /** A function of the connector is running. */
  readonly isLocked: boolean;
  readonly submitLabel: string;
  readonly onSaved: () => Promise<boolean>;
}

/** A step with a connection: saves its credentials or connects it, then lets the connector verify it. */
export function ConnectionStep(props: ConnectionStepProps) {
  const { connectionId, integrationId, tab, isLocked, submitLabel, onSaved } = props;
  const { form, newClient, setNewClient, save, error } = useConnection(connectionId, integrationId, true);
  const connect = useConnect(connectionId, returnHref(integrationId, tab, connectionId));
  const oauth = useOAuthStatus(form?.stored);
  const signInReturn = useSignInReturn();
  const status = oauth.value;
  useEffect(() => {
    if (!status || signInReturn.connectionId !== connectionId) return;
    signInReturn.connectionId = undefined;
    if (status.status === 'connected' && !status.problem) void onSaved();
  }, [status, connectionId]);
  if (error !== undefined)
    return <ErrorNotice error={error} title="The connection of this step could not be loaded." />;
  if (!form) return <p role="status">Loading the connection…</p>;
  const isOAuth = usesOAuth(form.record);
  const isConnected = isOAuth && status?.status === 'connected';
  const isBusy = isLocked || save.isRunning || connect.isRunning;
  const submit = async (): Promise<void> => {
    if (!(await save.run())) return;
    if (isOAuth && !(await connect.run())) return oauth.reload();
    await onSaved();
  };
  const label = isOAuth ? (isConnected ? 'Save and connect again' : 'Save and connect') : submitLabel;
  return (
    <form
      class="stack narrow"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <ConnectionFields
        form={{ ...form, isDisabled: isBusy, isStep: true }}
        newClient={newClient}
        onNewClient={setNewClient}
      />
      {isOAuth && <Destination record={form.record} />}
      {isOAuth && status && <OAuthDetails status={status} />}
      <ErrorNotice error={save.error} title="The credentials were not saved." />
      <ErrorNotice error={connect.error} title="It was not connected." />
      <div class="row">
        <button type="submit" class={`button ${isConnected ? '' : 'primary'}`} disabled={isBusy}>
          {save.isRunning ? 'Saving…' : connect.isRunning ? 'Connecting…' : isLocked ? 'Verifying…' : label}
        </button>
        {isConnected && (
          <button type="button" class="button primary" disabled={isBusy} onClick={() => void onSaved()}>
            Verify
          </button>
        )}
      </div>
    </form>
  );
}
