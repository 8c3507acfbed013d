/** The newest jobs: executions of flows. */
import { ApiError } from '../api/api-error.ts';
import type { Job } from '../api/types.ts';
import { useResource } from '../app/use-resource.ts';

/** Enough to see the latest job of each flow that runs often. */
const NEWEST = 100;

/**
 * @param integrationId all integrations if undefined
 * @returns newest first; none while loading, and from a server that does not run flows
 */
export function useJobs(integrationId?: string): readonly Job[] {
  const path = `/jobs?limit=${NEWEST}${integrationId === undefined ? '' : `&_integrationId=${integrationId}`}`;
  const { value } = useResource<readonly Job[]>({
    key: path,
    load: async (client, signal) => {
      try {
        return await client.get<readonly Job[]>(path, signal);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return NONE;
        throw error;
      }
    },
    isAffected: ({ type, data }) =>
      type.startsWith('job.') && (integrationId === undefined || data._integrationId === integrationId),
    minIntervalMs: 1_000,
  });
  return value ?? NONE;
}

const NONE: readonly Job[] = [];
