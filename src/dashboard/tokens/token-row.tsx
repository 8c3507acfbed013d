import type { AccessToken } from '../api/types.ts';
import { pluralize } from '../app/format.ts';
import { Time } from '../app/time.tsx';
import { scopeNameOf } from './scopes.ts';

interface TokenRowProps {
  readonly token: AccessToken;
  readonly onRevoke: () => void;
}

export function TokenRow({ token, onRevoke }: TokenRowProps) {
  const { name, description, createdAt, lastUsedAt, autoPurgeAt, revoked, _integrationIds } = token;
  return (
    <li class="record">
      <div class="row apart">
        <div class="record-name">
          <span class="row">
            <strong>{name}</strong>
            <span class="badge">{scopeNameOf(token)}</span>
            {_integrationIds && <span class="badge">{pluralize(_integrationIds.length, 'integration')}</span>}
            {revoked && <span class="badge bad">Revoked</span>}
          </span>
          {description !== undefined && <span class="small">{description}</span>}
          <span class="muted small">
            Created <Time at={createdAt} /> ·{' '}
            {lastUsedAt === undefined ? 'Never used' : ['Last used ', <Time at={lastUsedAt} />]} ·{' '}
            {autoPurgeAt === undefined ? 'Never expires' : ['Expires ', <Time at={autoPurgeAt} />]}
          </span>
        </div>
        <button type="button" class="button small danger" aria-label={`Revoke ${name}`} onClick={onRevoke}>
          Revoke
        </button>
      </div>
    </li>
  );
}
