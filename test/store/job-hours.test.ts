/** Jobs counted by the hour, on every engine. */
import { expect, test } from 'vitest';
import { JOBS_COUNTED_PER_HOUR } from '../../src/store/job-hours.ts';
import type { JobStatus, StoredJob } from '../../src/store/jobs.ts';
import { newId } from '../support/documents.ts';
import { jobOf } from '../support/job-records.ts';
import { engines } from '../support/storages.ts';

const from = '2026-01-01T00:30:00.000Z';
const HOUR_MS = 3_600_000;

test.each(engines)('%s: each job counts in the hour in which it was created', async (_name, open) => {
  const { jobs } = await open();
  const [one, two] = [newId(), newId()];
  const job = (_integrationId: string, status: JobStatus, ms: number): StoredJob =>
    jobOf({ _integrationId, status, createdAt: new Date(Date.parse(from) + ms).toISOString() });
  const all = [
    job(one, 'completed', -1),
    job(one, 'completed', 0),
    job(two, 'completed', HOUR_MS - 1),
    job(one, 'failed', 5),
    job(two, 'running', HOUR_MS),
    job(one, 'canceled', 3 * HOUR_MS),
  ];
  await jobs.put(all.map((job) => ({ job, errors: [] })));
  const counted = async (integrationIds?: string[]) =>
    (await jobs.countByHour({ from, hours: 3, integrationIds })).map(({ counts }) => Object.fromEntries(counts));
  expect(await counted()).toEqual([{ completed: 2, failed: 1 }, { running: 1 }, {}]);
  expect(await counted([one])).toEqual([{ completed: 1, failed: 1 }, {}, {}]);
  expect(await counted([one, two])).toEqual(await counted());
  expect(await counted([])).toEqual([{}, {}, {}]);
  const hours = await jobs.countByHour({ from, hours: 3 });
  expect(hours.map(({ from, isComplete }) => [from, isComplete])).toEqual([
    [from, true],
    ['2026-01-01T01:30:00.000Z', true],
    ['2026-01-01T02:30:00.000Z', true],
  ]);
});

test.each(engines)('%s: a bounded number of jobs is looked at', { timeout: 60_000 }, async (_name, open) => {
  const { jobs } = await open();
  const many = Array.from({ length: JOBS_COUNTED_PER_HOUR + 5 }, () =>
    jobOf({ status: 'completed', createdAt: from, _flowId: newId() }),
  );
  for (let at = 0; at < many.length; at += 1_000) {
    await jobs.put(many.slice(at, at + 1_000).map((job) => ({ job, errors: [] })));
  }
  const [hour, next] = await jobs.countByHour({ from, hours: 2 });
  expect(hour).toEqual({ from, counts: new Map([['completed', JOBS_COUNTED_PER_HOUR]]), isComplete: false });
  expect(next?.isComplete).toBe(true);
});
