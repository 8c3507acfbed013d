import { useState } from 'preact/hooks';
import type { JsonObject } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { RecordRow } from '../records/record-row.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import { stateOf } from './connection-state.ts';
import { addressOf, authNames, authTypeOf, layoutOf, usesOAuth } from './credentials.ts';
import { DeleteConnection } from './delete-connection.tsx';
import { Disconnect } from './disconnect.tsx';
import { OAuthDetails, OAuthError } from './oauth-details.tsx';
import { TestAnswer } from './test-answer.tsx';
import { useOAuthStatus } from './use-oauth.ts';
import { useTest } from './use-test.ts';

interface ConnectionRowProps {
  readonly record: StoredRecord;
  readonly integrationId: string;
  readonly isOffline: boolean;
  /** The page to come back to from a provider. */
  readonly returnTo: string;
  readonly onEdit: () => void;
  /** Deleted, or disconnected. */
  readonly onChanged: () => void;
}

export function ConnectionRow(props: ConnectionRowProps) {
  const { record, integrationId, isOffline, returnTo, onEdit, onChanged } = props;
  const { name } = record;
  const json = record as unknown as JsonObject;
  const isOAuth = usesOAuth(json);
  const oauth = useOAuthStatus(json);
  const test = useTest(json);
  const [asks, setAsks] = useState<'connect' | 'disconnect' | 'delete'>();
  const disconnected = async (): Promise<void> => {
    await oauth.reload();
    onChanged();
  };
  const close = (): void => setAsks(undefined);
  const isConnected = oauth.value?.status === 'connected';
  const state = stateOf({
    test: test.result,
    hasTestFailed: test.error !== undefined,
    isOffline,
    usesOAuth: isOAuth,
    oauth: oauth.value,
    hasOAuthError: oauth.error !== undefined,
  });
  return (
    <RecordRow
      record={record}
      badges={state && <span class={`badge ${state.tone}`}>{state.name}</span>}
      actions={
        <>
          {isOAuth && oauth.value && (
            <RowButton
              verb={isConnected ? 'Connect again' : 'Connect'}
              name={name}
              isPrimary={!isConnected}
              onClick={() => setAsks('connect')}
            />
          )}
          {isConnected && <RowButton verb="Disconnect" name={name} onClick={() => setAsks('disconnect')} />}
          <button
            type="button"
            class="button small"
            disabled={test.isRunning}
            aria-label={`Test ${name}`}
            onClick={() => void test.run()}
          >
            {test.isRunning ? 'Testing…' : 'Test'}
          </button>
          <RowButton verb="Edit" name={name} onClick={onEdit} />
          <RowButton verb="Delete" name={name} isDanger onClick={() => setAsks('delete')} />
        </>
      }
    >
      <p class="small muted">{summaryOf(json)}</p>
      {oauth.value && <OAuthDetails status={oauth.value} />}
      {isOAuth && !oauth.value && oauth.error !== undefined && <OAuthError error={oauth.error} />}
      {isOffline && !isOAuth && !test.result && test.error === undefined && (
        <p class="small muted">It did not answer its last test. Test it again to see why.</p>
      )}
      {test.result && <TestAnswer name={name} result={test.result} />}
      <ErrorNotice error={test.error} title={`The test of ${name} failed.`} />
      {asks === 'connect' && (
        <ConnectDialog record={json} returnTo={returnTo} onConnected={oauth.reload} onClose={close} />
      )}
      {asks === 'disconnect' && <Disconnect record={record} onDone={disconnected} onClose={close} />}
      {asks === 'delete' && (
        <DeleteConnection record={record} integrationId={integrationId} onDeleted={onChanged} onClose={close} />
      )}
    </RecordRow>
  );
}

function summaryOf(record: JsonObject): string {
  if (!layoutOf(record)) return 'Used by the connector’s own code';
  return `${addressOf(record) || 'No address yet'} · ${authNames[authTypeOf(record)]}`;
}

interface RowButtonProps {
  readonly verb: string;
  /** Of the connection; for screen readers. */
  readonly name: string;
  readonly isPrimary?: boolean;
  readonly isDanger?: boolean;
  readonly onClick: () => void;
}

function RowButton({ verb, name, isPrimary = false, isDanger = false, onClick }: RowButtonProps) {
  const tone = isPrimary ? ' primary' : isDanger ? ' danger' : '';
  return (
    <button type="button" class={`button small${tone}`} aria-label={`${verb} ${name}`} onClick={onClick}>
      {verb}
    </button>
  );
}
