import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { ConnectionFields } from './connection-fields.tsx';
import { TestAnswer } from './test-answer.tsx';
import { useConnection } from './use-connection.ts';
import { useDraftTest } from './use-test.ts';

interface ConnectionDialogProps {
  /** Absent for a new connection. */
  readonly id?: string | undefined;
  readonly integrationId: string;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** In the answer to a test: the name may not have been entered yet. */
const NAME = 'The connection';

export function ConnectionDialog({ id, integrationId, onSaved, onClose }: ConnectionDialogProps) {
  const { announce } = useSession();
  const { form, newClient, setNewClient, save, toTest, error } = useConnection(id, integrationId);
  const test = useDraftTest(toTest);
  const isBusy = save.isRunning || test.isRunning;
  return (
    <Dialog title={id === undefined ? 'Add connection' : 'Edit connection'} onClose={onClose} isLocked={save.isRunning}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run().then((isSaved) => {
            if (!isSaved) return;
            announce('Connection saved.');
            onSaved();
            onClose();
          });
        }}
      >
        <ErrorNotice error={error} title="The connection could not be loaded." />
        {!form && error === undefined && <p role="status">Loading the connection…</p>}
        {form && <ConnectionFields form={form} newClient={newClient} onNewClient={setNewClient} />}
        {test.result && <TestAnswer name={NAME} result={test.result} />}
        <ErrorNotice error={test.error} title="The test failed." />
        <ErrorNotice error={save.error} title="It was not saved." />
        <div class="row end">
          <button type="button" class="button" onClick={() => void test.run()} disabled={isBusy || !form}>
            {test.isRunning ? 'Testing…' : 'Test connection'}
          </button>
          <button type="button" class="button" onClick={onClose} disabled={save.isRunning}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={isBusy || !form}>
            {save.isRunning ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
