/** What a list of jobs says about now. Pure. */
import type { Job } from '../api/types.ts';

export const isRunning = ({ status }: Job): boolean =>
  status === 'queued' || status === 'running' || status === 'retrying' || status === 'canceling';

/** A later job of the same flow that went well has settled it. @param jobs newest first */
export function failedJobs(jobs: readonly Job[]): readonly Job[] {
  const seen = new Set<string>();
  return jobs.filter((job) => {
    if (isRunning(job)) return false;
    const flow = job._flowId ?? job._id;
    if (seen.has(flow)) return false;
    seen.add(flow);
    return job.status === 'failed' || (job.numOpenError ?? 0) > 0;
  });
}
