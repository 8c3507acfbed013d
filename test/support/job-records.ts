/** Records of jobs for the store's tests. */
import type { StoredJob, StoredJobError } from '../../src/store/jobs.ts';
import { newId } from './documents.ts';

/** Of a flow and an integration of its own, queued now. */
export function jobOf(fields: Partial<StoredJob>): StoredJob {
  const now = new Date().toISOString();
  return {
    _id: newId(),
    _integrationId: newId(),
    _flowId: newId(),
    type: 'flow',
    status: 'queued',
    createdAt: now,
    lastModified: now,
    ...fields,
  };
}

export const errorOf = (
  { _id: jobId }: StoredJob,
  page: number,
  fields: Partial<StoredJobError> = {},
): StoredJobError => ({ _id: newId(), jobId, page, isResolved: false, error: { code: 'größe' }, ...fields });
