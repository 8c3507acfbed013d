/** What a list of jobs says about now. Pure. */
import type { Job } from '../api/types.ts';
import { isActive } from './job-state.ts';

/** A later job of the same flow that went well has settled it. @param jobs newest first */
export function failedJobs(jobs: readonly Job[]): readonly Job[] {
  const seen = new Set<string>();
  return jobs.filter((job) => {
    if (isActive(job) || seen.has(job._flowId)) return false;
    seen.add(job._flowId);
    return job.status === 'failed' || job.numOpenError > 0;
  });
}
