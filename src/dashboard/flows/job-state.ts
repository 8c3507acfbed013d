/** Jobs in plain words. Pure. */

import type { Job } from '../api/types.ts';
import { pluralize } from '../app/format.ts';

export const isActive = ({ status }: Pick<Job, 'status'>): boolean =>
  status === 'queued' || status === 'running' || status === 'retrying' || status === 'canceling';

const names: Readonly<Record<Job['status'], string>> = {
  queued: 'Waiting',
  running: 'Running',
  retrying: 'Running again',
  canceling: 'Being cancelled',
  completed: 'Completed',
  failed: 'Failed',
  canceled: 'Cancelled',
};

const tones: Readonly<Record<Job['status'], string>> = {
  queued: 'accent',
  running: 'accent',
  retrying: 'accent',
  canceling: 'warn',
  completed: 'good',
  failed: 'bad',
  canceled: 'warn',
};

export interface JobState {
  readonly name: string;
  readonly tone: string;
}

/** A job that has completed may have records that failed. */
export function jobStateOf({
  status,
  numError,
  numOpenError,
}: Pick<Job, 'status' | 'numError' | 'numOpenError'>): JobState {
  if (status !== 'completed' || numError === 0) return { name: names[status], tone: tones[status] };
  return numOpenError > 0
    ? { name: 'Completed with errors', tone: 'warn' }
    : { name: 'Completed, errors resolved', tone: 'good' };
}

export const triggerNames: Readonly<Record<Job['triggeredBy'], string>> = {
  user: 'By hand',
  schedule: 'By schedule',
  webhook: 'By webhook',
  run: 'By the connector',
};

/** In milliseconds; undefined for a job that has not run to its end. */
export const durationOf = ({ startedAt, endedAt }: Pick<Job, 'startedAt' | 'endedAt'>): number | undefined =>
  startedAt === undefined || endedAt === undefined ? undefined : Date.parse(endedAt) - Date.parse(startedAt);

/** What a job has done so far. */
export function figuresOf({ numExport, numSuccess, numError, numIgnore }: Job): string {
  const parts = [`${pluralize(numExport, 'record')} read`, `${numSuccess.toLocaleString()} succeeded`];
  if (numError > 0) parts.push(`${numError.toLocaleString()} failed`);
  if (numIgnore > 0) parts.push(`${numIgnore.toLocaleString()} ignored`);
  return parts.join(' · ');
}
