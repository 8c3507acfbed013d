/** OAuth 2 for connections (contract 14): clients, access tokens, authorization, revocation. */
import type { Outbound } from '../broker/outbound.ts';
import { openCredentials } from '../record/credentials.ts';
import type { Keyring } from '../record/keyring.ts';
import { type OAuthSettings, oauthSettingsOf } from '../record/oauth-connection.ts';
import type { OAuthClientRecords } from '../store/storage.ts';
import type { Store } from '../store/store.ts';
import { AccessTokens, RENEWAL_MS } from './access-tokens.ts';
import { Authorization } from './authorization.ts';
import type { OAuthClient } from './client.ts';
import { OAuthClients } from './clients.ts';
import { Revocation } from './revocation.ts';
import { type ConnectionId, type OfflineEvent, StoredTokens } from './stored-tokens.ts';

export interface OAuthOptions {
  readonly store: Store;
  readonly records: OAuthClientRecords;
  readonly keyring: Keyring;
  readonly outbound: Outbound;
  readonly now: () => Date;
  /** Other nodes use the same store. */
  readonly isShared: boolean;
  /** Default: 30 s. */
  readonly renewalMs?: number;
  /** Called when the provider refuses a connection, and when it works again. */
  readonly onOffline: (event: OfflineEvent) => void;
  /** Called if a token cannot be revoked. */
  readonly onError: (error: unknown) => void;
}

export interface OAuth {
  readonly clients: OAuthClients;
  readonly accessTokens: AccessTokens;
  readonly authorization: Authorization;
  readonly revocation: Revocation;
  readonly stored: StoredTokens;
  /** Forgets the tokens of a connection, durably, and revokes them if the provider can. */
  disconnect(id: ConnectionId): Promise<void>;
}

export function createOAuth({
  store,
  keyring,
  outbound,
  now,
  isShared,
  renewalMs = RENEWAL_MS,
  ...options
}: OAuthOptions): OAuth {
  const records = options.records as OAuthClientRecords<OAuthClient>;
  const clients = new OAuthClients({ records, keyring, outbound, now });
  const stored = new StoredTokens(store, keyring, now, options.onOffline);
  const settingsOf = async ({ integrationId, connectionId }: ConnectionId): Promise<OAuthSettings | undefined> => {
    const record = (await store.get(integrationId))?.connections.get(connectionId);
    if (!record || record.isLarge) return undefined;
    return oauthSettingsOf(openCredentials(keyring, record.value).record);
  };
  const revocation = new Revocation(clients, keyring, options.onError);
  store.subscribe(revocation.onChange);
  return {
    clients,
    stored,
    revocation,
    async disconnect(id) {
      const before = await stored.read(id);
      await stored.settle(id, undefined, () => ({}));
      revocation.revoke(before);
    },
    accessTokens: new AccessTokens({ clients, stored, now, isShared, renewalMs }),
    authorization: new Authorization({ clients, stored, store, now, settingsOf }),
  };
}
