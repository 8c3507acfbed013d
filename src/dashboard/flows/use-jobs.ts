/** The newest jobs of all integrations. */
import type { Job } from '../api/types.ts';
import { useResource } from '../app/use-resource.ts';

/** Enough to see the latest job of each flow that runs often. */
const PATH = '/jobs?limit=100';

/** @returns newest first; none while loading */
export function useJobs(): readonly Job[] {
  const { value } = useResource<readonly Job[]>({
    key: PATH,
    load: (client, signal) => client.get<readonly Job[]>(PATH, signal),
    isAffected: ({ type }) => type.startsWith('job.'),
    minIntervalMs: 1_000,
  });
  return value ?? NONE;
}

const NONE: readonly Job[] = [];
