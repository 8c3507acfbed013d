import { type Resource, useResource } from '../app/use-resource.ts';
import type { OAuthClient } from './oauth-client.ts';

/** All OAuth clients, oldest first. */
export function useClients(): Resource<readonly OAuthClient[]> {
  return useResource<readonly OAuthClient[]>({
    key: '/iClients',
    load: (client, signal) => client.get<readonly OAuthClient[]>('/iClients', signal),
    isAffected: () => false,
  });
}
