/** The list of `GET /jobs/{_id}/joberrors`. A record may have several megabytes, so its JSON is not parsed. */
import type { FlowJobs } from '../flow/flow-jobs.ts';
import { flowLimits } from '../flow/limits.ts';
import type { JsonObject } from '../json.ts';
import { concerns, type Projection, project } from '../projection.ts';
import type { StoredJobError } from '../store/jobs.ts';
import type { Account, Work } from '../work/work.ts';
import { tasks } from './job-error-tasks.ts';

const ERRORS_AT_ONCE = 50;

export async function* errorsOf(
  jobs: FlowJobs,
  jobId: string,
  after: string | undefined,
  limit: number,
  isResolved: boolean | undefined,
): AsyncGenerator<StoredJobError> {
  const query = { limit: Math.min(limit, ERRORS_AT_ONCE), chars: flowLimits.errorsReadChars, isResolved };
  for (let last = after; ; ) {
    const page = await jobs.store.errors.list(jobId, { ...query, after: last });
    yield* page;
    last = page.at(-1)?._id;
    if (last === undefined) return;
  }
}

/** An error's JSON. */
export function errorText(
  { _id, jobId, isResolved, error, data }: StoredJobError,
  projection: Projection | undefined,
  work: Work,
  account: Account,
): string | Promise<string> {
  const { createdAt = '' } = error;
  const head = { _id, _jobId: jobId, ...error, createdAt, resolved: isResolved, retriable: data !== undefined };
  const shown = (): string => JSON.stringify(project(head as JsonObject, projection));
  if (data === undefined || (projection && !concerns(projection, 'data'))) return shown();
  if (!projection || isWhole(projection)) return `${shown().slice(0, -1)},"data":${data}}`;
  return work.run(tasks, 'projected', { head: head as JsonObject, data, projection }, data.length, account);
}

/** Whether the record is shown unchanged. */
const isWhole = ({ mode, fields }: Projection): boolean =>
  mode === 'include' ? fields.get('data') === null : !fields.has('data');
