import { useState } from 'preact/hooks';
import type { AccessToken } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useTitle } from '../app/use-title.ts';
import { PAGE_ROWS, usePages } from '../records/use-pages.ts';
import { CreateDialog } from './create-dialog.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';
import { TokenRow } from './token-row.tsx';

/** No event tells of access tokens. */
const never = (): boolean => false;

export function TokensPage() {
  useTitle('Access tokens');
  const [isCreating, setIsCreating] = useState(false);
  const [revoking, setRevoking] = useState<AccessToken>();
  const { value, error, loadMore, reload } = usePages<AccessToken>(`/accesstokens?limit=${PAGE_ROWS}`, never);
  return (
    <div class="stack">
      <div class="row apart">
        <h1>Access tokens</h1>
        <button type="button" class="button primary" onClick={() => setIsCreating(true)}>
          Create access token
        </button>
      </div>
      <p class="muted">For people and programs that should not have the administrator’s token.</p>
      {!value && <ErrorNotice error={error} title="The access tokens could not be loaded." />}
      {!value && error === undefined && <p role="status">Loading access tokens…</p>}
      {value?.rows.length === 0 && (
        <div class="empty card">
          <h2>No access tokens yet</h2>
          <p class="muted">Each one may do only what you choose, and can be revoked on its own.</p>
        </div>
      )}
      {value && value.rows.length > 0 && (
        <ul class="card records tokens">
          {value.rows.map((token) => (
            <TokenRow key={token._id} token={token} onRevoke={() => setRevoking(token)} />
          ))}
        </ul>
      )}
      {value?.hasMore && (
        <div class="row">
          <button type="button" class="button" onClick={loadMore}>
            Show more access tokens
          </button>
        </div>
      )}
      {isCreating && <CreateDialog onCreated={() => void reload()} onClose={() => setIsCreating(false)} />}
      {revoking && (
        <RevokeDialog token={revoking} onRevoked={() => void reload()} onClose={() => setRevoking(undefined)} />
      )}
    </div>
  );
}
