/** The latest job of each of some flows. */
import { nextPage } from '../api/client.ts';
import type { Job } from '../api/types.ts';
import { aboutIntegration, type Resource, useResource } from '../app/use-resource.ts';

const LIMIT = 200;

/** One request as a rule. A flow whose last job is older than that many of the others needs one of its own. */
export function useLatestJobs(integrationId: string, flowIds: readonly string[]): Resource<ReadonlyMap<string, Job>> {
  const ids = flowIds.join(',');
  return useResource<ReadonlyMap<string, Job>>({
    key: ids === '' ? undefined : ids,
    load: async (client, signal) => {
      const path = `/jobs?_flowId_in=${ids}&limit=${LIMIT}&exclude=steps,errorIds`;
      const { body, headers } = await client.request<Job[]>('GET', path, { signal });
      const latest = new Map(body.toReversed().map((job) => [job._flowId, job]));
      if (nextPage(headers.get('link')) === undefined) return latest;
      const missing = flowIds.filter((id) => !latest.has(id));
      const others = await Promise.all(missing.map((id) => client.get<Job[]>(`/flows/${id}/jobs/latest`, signal)));
      for (const job of others.flat()) latest.set(job._flowId, job);
      return latest;
    },
    isAffected: aboutIntegration(integrationId, 'job.'),
    minIntervalMs: 500,
  });
}
