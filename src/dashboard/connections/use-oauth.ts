/** A connection that signs in with OAuth 2: whether it is connected, and the way to the provider and back. */
import { ApiError } from '../api/api-error.ts';
import { asString, type JsonObject } from '../api/json.ts';
import { safeLink } from '../app/images.ts';
import { useSession } from '../app/session.ts';
import { type Action, useAction } from '../app/use-action.ts';
import { type Resource, useResource } from '../app/use-resource.ts';
import { usesOAuth } from './credentials.ts';

/** `GET /connections/{_id}/oauth2` */
export interface OAuthStatus {
  readonly status: 'connected' | 'disconnected' | 'refused';
  readonly scope?: readonly string[];
  readonly expiresAt?: string;
  /** The token is renewed without a user. */
  readonly canRenew?: boolean;
  /** Why the provider gave no tokens, in its words. */
  readonly problem?: { readonly error: string; readonly description?: string; readonly at: string };
}

/** @param record undefined, or one that does not use OAuth 2: loads nothing */
export function useOAuthStatus(record: JsonObject | undefined): Resource<OAuthStatus> {
  const id = asString(record?._id);
  const isAsked = record !== undefined && id !== undefined && usesOAuth(record);
  return useResource<OAuthStatus>({
    // A change of the record may disconnect it.
    key: isAsked ? `${id} ${record.lastModified}` : undefined,
    load: (client, signal) => client.get<OAuthStatus>(`/connections/${id}/oauth2`, signal),
    isAffected: ({ type, data }) => type.startsWith('connection.') && data._connectionId === id,
  });
}

/**
 * Sends the browser to the provider, and does not end then: the page is left. With client credentials nobody has to
 * sign in, and it ends when the provider has answered.
 *
 * @param returnTo the page to come back to
 */
export function useConnect(connectionId: string, returnTo: string): Action<[]> {
  const { client } = useSession();
  return useAction(async () => {
    const reply = await client.post<{ authorizationUrl?: string }>(`/connections/${connectionId}/oauth2`, { returnTo });
    if (reply.authorizationUrl === undefined) return;
    const target = safeLink(reply.authorizationUrl);
    if (target === undefined) throw new Error('The provider’s address cannot be opened from here.');
    await leaveFor(target);
  });
}

/** Rejects if the user comes back by the browser's button, to the page as it was. */
function leaveFor(target: string): Promise<never> {
  return new Promise((_, reject) => {
    const message = 'You came back without signing in.';
    const onShow = (): void => reject(new ApiError(0, [{ code: 'not_signed_in', message }]));
    window.addEventListener('pageshow', onShow, { once: true });
    location.assign(target);
  });
}
