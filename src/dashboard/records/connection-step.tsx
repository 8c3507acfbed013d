import { ErrorNotice } from '../app/error-notice.tsx';
import { ConnectionFields } from './connection-fields.tsx';
import { useConnection } from './use-connection.ts';

interface ConnectionStepProps {
  readonly connectionId: string;
  readonly integrationId: string;
  /** The step's function goes on, or another one. */
  readonly isLocked: boolean;
  readonly submitLabel: string;
  readonly onSaved: () => Promise<boolean>;
}

/** A step with a connection: its credentials are stored, then the connector tries them. */
export function ConnectionStep(props: ConnectionStepProps) {
  const { connectionId, integrationId, isLocked, submitLabel, onSaved } = props;
  const { draft, stored, setDraft, save, error } = useConnection(connectionId, integrationId, true);
  if (error !== undefined) return <ErrorNotice error={error} title="The connection of this step cannot be read." />;
  if (!draft) return <p role="status">Reading the connection…</p>;
  const isBusy = isLocked || save.isRunning;
  return (
    <form
      class="stack narrow"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run().then((isSaved) => isSaved && onSaved());
      }}
    >
      <ConnectionFields
        draft={draft}
        onChange={setDraft}
        isDisabled={isBusy}
        isStep
        storedURI={stored?.baseURI ?? ''}
      />
      <ErrorNotice error={save.error} title="The credentials were not saved." />
      <div>
        <button type="submit" class="button primary" disabled={isBusy}>
          {save.isRunning ? 'Saving…' : isLocked ? 'Verifying…' : submitLabel}
        </button>
      </div>
    </form>
  );
}
