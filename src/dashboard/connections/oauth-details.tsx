import { ApiError } from '../api/api-error.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { Time } from '../app/time.tsx';
import type { OAuthStatus } from './use-oauth.ts';

/** What a connected connection may do and for how long, or why it is not connected. */
export function OAuthDetails({ status }: { readonly status: OAuthStatus }) {
  const { problem } = status;
  return (
    <>
      <Grant status={status} />
      {problem && (
        <div class="notice bad">
          <strong>
            {status.status === 'connected'
              ? 'The last sign-in failed. The tokens from before stay in use.'
              : status.status === 'refused'
                ? 'The provider refuses this connection. Connect it again.'
                : 'The last sign-in failed.'}
          </strong>
          <Problem problem={problem} />
        </div>
      )}
    </>
  );
}

/** What the provider has granted, until when, and what happens then. */
export function Grant({ status: { status, scope = [], expiresAt, canRenew } }: { readonly status: OAuthStatus }) {
  if (status !== 'connected') return null;
  return (
    <p class="small muted">
      {scope.length > 0 && `Scope: ${scope.join(', ')} · `}
      {expiresAt === undefined ? (
        'The provider does not say how long the token is valid.'
      ) : (
        <>
          The token is valid until <Time at={expiresAt} />
          {canRenew ? ' and renewed by itself.' : '. Connect again then: the provider gave nothing to renew it with.'}
        </>
      )}
    </p>
  );
}

/** The provider's words, as text. */
export function Problem({ problem }: { readonly problem: NonNullable<OAuthStatus['problem']> }) {
  const { error, description, at } = problem;
  return (
    <p>
      <span class="message">{description ?? 'The provider gave no reason.'}</span> <code class="muted">{error}</code>{' '}
      <span class="muted small">
        <Time at={at} />
      </span>
    </p>
  );
}

/** A connection that lacks an address or an OAuth client, or whose status could not be read. */
export function OAuthError({ error }: { readonly error: unknown }) {
  return error instanceof ApiError && error.code === 'invalid_field' ? (
    <p class="notice warn">
      It needs an address and an OAuth client before it can be connected. Edit it to enter them.
    </p>
  ) : (
    <ErrorNotice error={error} title="The server did not say whether it is connected." />
  );
}
