import { useId, useState } from 'preact/hooks';
import { integrationHref } from '../app/address.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import { navigate } from '../app/route.ts';
import { RunPanel } from '../runs/run-panel.tsx';
import { useCall } from '../steps/use-call.ts';

interface AddStoreProps {
  readonly integrationId: string;
  /** The connector's word for a store. */
  readonly label: string;
  readonly reload: () => Promise<void>;
}

/** Adds a store to a multi-store form. The connector creates it, with its own steps. */
export function AddStore({ integrationId, label, reload }: AddStoreProps) {
  const [isOpen, setIsOpen] = useState(false);
  const [name, setName] = useState('');
  const id = useId();
  const call = useCall(integrationId, 'installer', reload);
  const what = label.toLocaleLowerCase();
  return (
    <div>
      <button type="button" class="button" onClick={() => setIsOpen(true)}>
        Add {what}
      </button>
      {isOpen && (
        <Dialog title={`Add ${what}`} onClose={() => setIsOpen(false)} isLocked={call.isRunning}>
          <form
            class="stack"
            onSubmit={(event) => {
              event.preventDefault();
              void call.run('addNewStore', { name: name.trim() }).then((isDone) => {
                if (isDone) navigate(integrationHref(integrationId, 'setup'));
              });
            }}
          >
            <div class="field">
              <label for={id}>Name</label>
              <input
                id={id}
                value={name}
                required
                maxLength={150}
                disabled={call.isRunning}
                onInput={({ currentTarget }) => setName(currentTarget.value)}
              />
            </div>
            {call.isRunning && <RunPanel label={`Adding ${name}`} run={call.runRef} />}
            <ErrorNotice error={call.error} title="It was not added. Nothing has changed." />
            <div class="row end">
              <button type="button" class="button" disabled={call.isRunning} onClick={() => setIsOpen(false)}>
                Cancel
              </button>
              <button type="submit" class="button primary" disabled={call.isRunning || name.trim() === ''}>
                {call.isRunning ? 'Adding…' : 'Add'}
              </button>
            </div>
          </form>
        </Dialog>
      )}
    </div>
  );
}
