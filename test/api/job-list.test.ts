/** `GET /jobs` with filters that the store does not know looks at a bounded number of jobs. */
import { expect, test } from 'vitest';
import { JOBS_SCANNED } from '../../src/api/job-list.ts';
import { type Job, newJob } from '../../src/flow/job.ts';
import { openStorage } from '../../src/store/open-storage.ts';
import { commitJson, documentOf, newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { serve } from '../support/runtime.ts';

test('and the link of an empty page leads to the rest', async () => {
  const data = await temporaryFolder();
  const storage = await openStorage(data);
  const _integrationId = (await commitJson(storage.documents, documentOf()))?.integration._id as string;
  const made = (numSuccess: number, ms: number) => {
    const named = { _id: newId(), type: 'flow', _integrationId, _flowId: newId(), triggeredBy: 'user' } as const;
    const job = { ...newJob(named, new Date(Date.UTC(2026, 0) + ms)), status: 'completed', numSuccess } as Job;
    return { job, errors: [] };
  };
  const oldest = made(7, 0);
  await storage.jobs.put([oldest, ...Array.from({ length: JOBS_SCANNED }, (_, i) => made(0, i + 1))]);
  await storage.close();
  const { client } = await serve({}, { data });
  const first = await client('GET', '/jobs?numSuccess_gte=7&limit=1');
  expect(first.body).toEqual([]);
  const [, next = ''] = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '') ?? [];
  const { pathname, search } = new URL(next);
  const second = await client('GET', pathname + search);
  expect(second.body.map(({ _id }: Job) => _id)).toEqual([oldest.job._id]);
  expect(second.headers.get('link')).toBe(null);
});
