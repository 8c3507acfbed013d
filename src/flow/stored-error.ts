/** A failed record as it is stored with its job. */
import type { Service } from '../integration/service.ts';
import type { StoredJobError } from '../store/jobs.ts';
import type { PageError } from './engine-answer.ts';

/** @param page number of the page within the job @param isRetriable store the record, to send it again */
export function storedError(
  { dispatcher, now }: Pick<Service, 'dispatcher' | 'now'>,
  jobId: string,
  page: number,
  isRetriable: boolean,
  { error, data, step }: PageError,
): StoredJobError {
  return {
    _id: dispatcher.ids(),
    jobId,
    page,
    isResolved: false,
    error: { ...error, createdAt: now().toISOString(), ...(step === undefined ? {} : { step }) },
    ...(data === undefined || !isRetriable ? {} : { data }),
  };
}
