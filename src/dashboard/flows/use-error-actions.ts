/** Sends failed records again, or marks them as resolved. */

import type { Job } from '../api/types.ts';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { type Action, useAction } from '../app/use-action.ts';
import { jobHref } from './flow-href.ts';
import { inPlainWords } from './use-flow.ts';

export interface ErrorActions {
  /** Starts a job and shows it. @param ids undefined: all */
  readonly retry: Action<[ids: readonly string[] | undefined]>;
  readonly resolve: Action<[ids: readonly string[] | undefined]>;
}

/** @param onResolved gets a message for the user */
export function useErrorActions(job: Job, onResolved: (message: string) => Promise<void>): ErrorActions {
  const { client, announce } = useSession();
  const retry = useAction(async (ids: readonly string[] | undefined) => {
    try {
      const body = ids === undefined ? {} : { _jobErrorIds: ids };
      const { _jobId } = await client.post<{ readonly _jobId: string }>(`/jobs/${job._id}/retry`, body);
      announce('The records are being sent again.');
      navigate(jobHref({ ...job, _id: _jobId }));
    } catch (error) {
      throw inPlainWords(error);
    }
  });
  const resolve = useAction(async (ids: readonly string[] | undefined) => {
    const path = `/jobs/${job._id}/joberrors`;
    if (ids === undefined) await client.put(`${path}/resolve`, {});
    for (const id of ids ?? []) await client.put(`${path}/${id}/resolve`, {});
    await onResolved(ids?.length === 1 ? 'The record is marked as resolved.' : 'The records are marked as resolved.');
  });
  return { retry, resolve };
}
