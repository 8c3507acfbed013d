import type { Connector } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';

interface PendingNoticeProps {
  readonly connector: Connector;
  readonly reload: () => Promise<void>;
}

/** Shows what a new version asks for beyond the granted permissions, and a button to approve it. */
export function PendingNotice({ connector: { _id, title, status, version, pending }, reload }: PendingNoticeProps) {
  const { client, announce } = useSession();
  const approve = useAction(async () => {
    try {
      // The digest ensures that exactly the version shown here is approved.
      await client.post(`/connectors/${_id}/approve`, { digest: pending?.digest });
      announce(`${title} ${pending?.version} was approved.`);
    } finally {
      await reload();
    }
  });
  if (!pending) return <ErrorNotice error={approve.error} title="It was not approved." />;
  return (
    <div class="notice warn">
      <p>
        <strong>Version {pending.version} asks for more and awaits your approval.</strong>{' '}
        {status === 'held' ? 'Until then it cannot be used.' : `Until then ${version} stays in use.`} It:
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
