import { ErrorNotice } from '../app/error-notice.tsx';
import { ConnectionFields } from './connection-fields.tsx';
import { useConnection } from './use-connection.ts';

interface ConnectionStepProps {
  readonly connectionId: string;
  readonly integrationId: string;
  /** A function of the connector is running. */
  readonly isLocked: boolean;
  readonly submitLabel: string;
  readonly onSaved: () => Promise<boolean>;
}

/** A step with a connection: saves its credentials, then lets the connector verify them. */
export function ConnectionStep(props: ConnectionStepProps) {
  const { connectionId, integrationId, isLocked, submitLabel, onSaved } = props;
  const { draft, stored, setDraft, save, error } = useConnection(connectionId, integrationId, true);
  if (error !== undefined) return <ErrorNotice error={error} title="Could not load this step’s connection." />;
  if (!draft) return <p role="status">Loading the connection…</p>;
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
      <ErrorNotice error={save.error} title="Could not save the credentials." />
      <div>
        <button type="submit" class="button primary" disabled={isBusy}>
          {save.isRunning ? 'Saving…' : isLocked ? 'Verifying…' : submitLabel}
        </button>
      </div>
    </form>
  );
}
