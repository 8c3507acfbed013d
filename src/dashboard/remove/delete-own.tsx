import { useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { Dialog } from '../app/dialog.tsx';
import { Problem } from '../app/problem.tsx';
import { go } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { Grouped } from './grouped.tsx';

/** An integration that was made by hand: nobody has to be asked but the user, twice where it groups records. */
export function DeleteOwn({ integration }: IntegrationProps) {
  const { client, announce } = useSession();
  const { _id, name } = integration;
  const [isAsking, setIsAsking] = useState(false);
  const [groups, setGroups] = useState(false);
  const remove = useAction(async () => {
    try {
      await client.delete(`/integrations/${_id}${groups ? '?cascade=true' : ''}`);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'has_dependencies' || groups) throw error;
      return setGroups(true);
    }
    announce(`${name} is deleted.`);
    go('#/');
  });
  return (
    <section class="card stack" aria-labelledby="delete-title">
      <h2 id="delete-title">Delete this integration</h2>
      <p class="muted">It was made by hand, without a connector: there is nothing to undo elsewhere.</p>
      <div>
        <button type="button" class="button danger" onClick={() => setIsAsking(true)}>
          Delete
        </button>
      </div>
      {isAsking && (
        <Dialog
          title={`Delete ${name}?`}
          isLocked={remove.isGoing}
          onClose={() => {
            setIsAsking(false);
            setGroups(false);
          }}
        >
          {groups ? (
            <>
              <p class="notice warn" role="alert">
                It still groups records. They can be deleted with it:
              </p>
              <Grouped integrationId={_id} />
            </>
          ) : (
            <p>This cannot be undone.</p>
          )}
          <Problem error={remove.error} title="It was not deleted." />
          <div class="row end">
            <button
              type="button"
              class="button"
              disabled={remove.isGoing}
              onClick={() => {
                setIsAsking(false);
                setGroups(false);
              }}
            >
              Keep it
            </button>
            <button
              type="button"
              class="button danger primary"
              disabled={remove.isGoing}
              onClick={() => void remove.run()}
            >
              {remove.isGoing ? 'Deleting…' : groups ? 'Delete it with its records' : 'Delete'}
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
