import type { Health } from '../api/types.ts';
import { type Resource, useResource } from './use-resource.ts';

/** Whether the server is ready, and what is degraded. No event tells of it, so any run is an occasion to ask again. */
export function useHealth(): Resource<Health> {
  return useResource<Health>({
    key: '/readyz',
    load: async (client, signal) => (await client.request<Health>('GET', '/readyz', { signal, accepts: [503] })).body,
    isAffected: ({ type }) => type === 'run.ended' || type.startsWith('connector.'),
    minIntervalMs: 10_000,
  });
}
