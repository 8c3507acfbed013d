/** Which failed records a job retains, and which it sends again. */
import { expect, test } from 'vitest';
import { checkpointOf, noTotals, putCheckpoint } from '../../src/flow/checkpoint.ts';
import { completeJob } from '../../src/flow/complete-job.ts';
import type { FlowDefinition, FlowProcessor } from '../../src/flow/definition.ts';
import type { PageError } from '../../src/flow/engine-answer.ts';
import { type Job, newJob } from '../../src/flow/job.ts';
import { JobErrors } from '../../src/flow/job-errors.ts';
import { flowLimits } from '../../src/flow/limits.ts';
import { failedRecords, type SourcePage } from '../../src/flow/sources.ts';
import { factsOf } from '../../src/record/record-tasks.ts';
import type { JobStore } from '../../src/store/jobs.ts';
import { UnitOfWork } from '../../src/store/unit-of-work.ts';
import { allOf } from '../support/all-of.ts';
import { commitJson, documentOf, newId } from '../support/documents.ts';
import { errorOf } from '../support/job-records.ts';
import { memoryStorage } from '../support/storages.ts';

const processor: FlowProcessor = { type: 'import', id: newId(), fields: {} };
const definition = { generators: [{ skipsRetries: false }], processors: [processor] } as unknown as FlowDefinition;
const page = { generator: 0, errors: [], errorsDropped: 0 } as unknown as SourcePage;
const refused = (data: string): PageError => ({ error: { code: 'no' }, data, step: 0 });

async function storedJob(jobs: JobStore, fields: Partial<Job> = {}): Promise<Job> {
  const named = { _id: newId(), type: 'flow', _integrationId: newId(), _flowId: newId(), triggeredBy: 'user' } as const;
  const job = { ...newJob(named, new Date()), ...fields } as Job;
  await jobs.add(job);
  return job;
}

function errorsIn(jobs: JobStore): JobErrors {
  return new JobErrors({ jobs, service: { dispatcher: { ids: newId }, now: () => new Date() } } as never);
}

const dataOf = async (jobs: JobStore, { _id }: Job): Promise<(string | undefined)[]> =>
  (await jobs.errors.list(_id, { limit: 100 })).map(({ data }) => data);

test('a page that is tried again has the errors of its last try, and counts them once', async () => {
  const { jobs } = memoryStorage();
  const job = await storedJob(jobs);
  const errors = errorsIn(jobs);
  await errors.begin(job, 0);
  await errors.put(job, definition, page, [refused('1'), refused('2')]);
  expect(errors.count).toBe(2);
  await errors.put(job, definition, page, [refused('2')]);
  expect([errors.count, errors.chars, await dataOf(jobs, job)]).toEqual([1, 1, ['2']]);
  await errors.put(job, definition, page, []);
  expect([errors.count, await dataOf(jobs, job)]).toEqual([0, []]);
});

test('what a process stored of a page that it did not commit is gone, and what it committed is counted once', async () => {
  const { jobs } = memoryStorage();
  const job = await storedJob(jobs, { numPagesProcessed: 1 });
  await jobs.errors.put(job, 0, [errorOf(job, 0, { data: '1' })]);
  await jobs.errors.put(job, 1, [errorOf(job, 1, { data: '2' })]);
  const errors = errorsIn(jobs);
  await errors.begin(job, 1);
  expect([errors.count, await dataOf(jobs, job)]).toEqual([1, ['1']]);
  await errors.put(job, definition, page, [refused('2')]);
  errors.commit();
  expect([errors.count, errors.chars, await dataOf(jobs, job)]).toEqual([2, 2, ['1', '2']]);
});

test('errors beyond the limit of a job are stored without their records', async () => {
  const { jobs } = memoryStorage();
  const job = await storedJob(jobs);
  const errors = errorsIn(jobs);
  await errors.begin(job, flowLimits.jobErrorChars - 3);
  await errors.put(job, definition, page, [refused('12'), refused('345'), refused('6')]);
  expect(await dataOf(jobs, job)).toEqual(['12', undefined, '6']);
});

test('a retry reads large records a few at a time, and sends none twice that were sent before a crash', async () => {
  const { jobs } = memoryStorage();
  const failed = await storedJob(jobs, { status: 'completed' });
  const large = JSON.stringify('x'.repeat(flowLimits.errorsReadChars / 2));
  const step = { code: 'no', step: 0, _importId: processor.id };
  const stored = Array.from({ length: 5 }, (_, i) => errorOf(failed, i, { data: large, error: step }));
  for (const [i, error] of stored.entries()) await jobs.errors.put(failed, i, [error]);
  const retry = await storedJob(jobs, { _retryOfJobId: failed._id });
  const pages = async (through?: string): Promise<SourcePage[]> => {
    const from = { generator: 0, pageIndex: 0, ...(through === undefined ? {} : { through }) };
    return allOf(failedRecords(retry, from, [processor], jobs.errors));
  };
  const all = await pages();
  expect(all.map(({ numRecords }) => numRecords)).toEqual([2, 2, 1]);
  // The process ended after the commit of the first page.
  expect((await pages(all[0]?.next.through)).map(({ numRecords }) => numRecords)).toEqual([2, 1]);
  expect(await jobs.errors.count(failed._id, true)).toBe(2);
  // The flow has lost its import.
  expect(await allOf(failedRecords(retry, { generator: 0, pageIndex: 0 }, [], jobs.errors))).toEqual([]);
});

test('a flow forgets the deltas of exports that are removed', async () => {
  const { documents } = memoryStorage();
  const json = await commitJson(documents, documentOf());
  const integrationId = json?.integration._id as string;
  const [flowId, exportId, other, removed] = [newId(), newId(), newId(), newId()];
  const common = { _integrationId: integrationId, createdAt: '', lastModified: '', name: 'one' };
  const deltas = await UnitOfWork.change(documents, integrationId, (unit) => {
    for (const _id of [exportId, other]) unit.putRecord('exports', factsOf({ ...common, _id }));
    unit.putRecord('flows', factsOf({ ...common, _id: flowId, pageGenerators: [{ _exportId: exportId }] }));
    const job = { _id: newId(), startedAt: '2026', position: { generator: 0, pageIndex: 0 }, isComplete: false };
    putCheckpoint(unit, flowId, {
      deltas: { [other]: '2025', [removed]: '2025' },
      job: { ...job, totals: noTotals(1, 0) },
    });
    completeJob(unit, { _flowId: flowId, type: 'flow' } as Job);
    return checkpointOf(unit, flowId).deltas;
  });
  expect(deltas).toEqual({ [other]: '2025', [exportId]: '2026' });
});
