import type { Connector } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';

interface PendingNoticeProps {
  readonly connector: Connector;
  readonly reload: () => Promise<void>;
}

/** A version that asks for more than was accepted: what that is, and the button that accepts it. */
export function PendingNotice({ connector: { _id, title, status, version, pending }, reload }: PendingNoticeProps) {
  const { client, announce } = useSession();
  const approve = useAction(async () => {
    try {
      // What is approved is what is shown here: by its digest.
      await client.post(`/connectors/${_id}/approve`, { digest: pending?.digest });
      announce(`${title} ${pending?.version} is approved.`);
    } finally {
      await reload();
    }
  });
  if (!pending) return <ErrorNotice error={approve.error} title="It was not approved." />;
  return (
    <div class="notice warn">
      <p>
        <strong>Version {pending.version} asks for more and waits for your approval.</strong>{' '}
        {status === 'held' ? 'Until then nothing of it serves.' : `Until then ${version} serves on.`} It:
      </p>
      <ul class="reasons">
        {pending.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <div class="row end">
        <button
          type="button"
          class="button"
          aria-label={`Approve ${title} ${pending.version}`}
          disabled={approve.isRunning}
          onClick={() => void approve.run()}
        >
          {approve.isRunning ? 'Approving…' : 'Approve'}
        </button>
      </div>
      <ErrorNotice error={approve.error} title="It was not approved." />
    </div>
  );
}
