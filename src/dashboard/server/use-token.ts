import type { TokenInfo } from '../api/types.ts';
import { useResource } from '../app/use-resource.ts';

/** The token that the user has signed in with. Undefined while loading. */
export function useToken(): TokenInfo | undefined {
  return useResource<TokenInfo>({
    key: 'tokenInfo',
    load: (client, signal) => client.get<TokenInfo>('/tokenInfo', signal),
    isAffected: () => false,
  }).value;
}

/** Whether the token may see access tokens, OAuth clients and the audit log, and make backups. */
export const mayAdminister = (token: TokenInfo | undefined): boolean =>
  token?.scope === 'administrator' || token?.scope === 'full';
