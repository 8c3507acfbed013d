import type { Connector } from '../api/types.ts';
import { type Resource, useResource } from './use-resource.ts';

/** All connectors, by name. */
export function useConnectors(): Resource<readonly Connector[]> {
  return useResource<readonly Connector[]>({
    key: 'connectors',
    load: (client, signal) => client.list<Connector>('/connectors', undefined, signal),
    isAffected: ({ type }) => type.startsWith('connector.'),
  });
}
