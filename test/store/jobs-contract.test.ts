/** The contract of the jobs of flows, run on every engine. */
import { describe, expect, test, vi } from 'vitest';
import type {
  JobHandlers,
  JobStatus,
  JobStore,
  ReceivedMessage,
  StoredJob,
  StoredJobError,
} from '../../src/store/jobs.ts';
import { newId } from '../support/documents.ts';
import { errorOf, jobOf } from '../support/job-records.ts';
import { RecordedJobs } from '../support/recorded-jobs.ts';
import { engines } from '../support/storages.ts';

const TEXT = 'größe \ud800 \0';
const idsOf = (all: readonly { _id: string }[]): string[] => all.map(({ _id }) => _id);

describe.each(engines)('%s', (_name, open) => {
  const openJobs = async (): Promise<JobStore> => (await open()).jobs;

  describe('records', () => {
    test('a job is stored as it is, and found by its id', async () => {
      const jobs = await openJobs();
      const job = jobOf({ name: TEXT, nested: { list: [1, null, 'ß'] } });
      expect(await jobs.add(job)).toBe(true);
      expect(await jobs.get(job._id)).toEqual(job);
      expect(await jobs.get(newId())).toBeUndefined();
    });

    test('a flow has one job that has not ended', async () => {
      const jobs = await openJobs();
      const job = jobOf({});
      const next = jobOf({ _integrationId: job._integrationId, _flowId: job._flowId });
      expect([await jobs.add(job), await jobs.add(next)]).toEqual([true, false]);
      expect(await jobs.get(next._id)).toBeUndefined();
      for (const status of ['running', 'retrying', 'canceling'] as const) {
        expect(await jobs.update({ ...job, status })).toBe(true);
        expect(await jobs.add(next)).toBe(false);
      }
      expect(await jobs.update({ ...job, status: 'failed' })).toBe(true);
      expect(await jobs.add(next)).toBe(true);
      // The ended one cannot take its place again.
      expect(await jobs.update({ ...job, status: 'running' }, ['failed'])).toBe(false);
      expect((await jobs.get(job._id))?.status).toBe('failed');
    });

    test('of jobs that are added at once, one is the only one of its flow', async () => {
      const jobs = await openJobs();
      const { _flowId, _integrationId } = jobOf({});
      const all = Array.from({ length: 5 }, () => jobOf({ _flowId, _integrationId }));
      const added = await Promise.all(all.map((job) => jobs.add(job)));
      expect(added.filter(Boolean)).toEqual([true]);
      expect(idsOf(await jobs.list({ before: undefined, limit: 9 }))).toEqual([all[added.indexOf(true)]?._id]);
    });

    test('a flow has one job for each time of its schedule, even once that job is purged', async () => {
      const jobs = await openJobs();
      const [first, second] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
      const { _flowId, _integrationId } = jobOf({});
      const scheduled = (scheduledAt: string): StoredJob =>
        jobOf({ _flowId, _integrationId, scheduledAt, status: 'completed' });
      expect(await jobs.add(scheduled(second))).toBe(true);
      expect(await jobs.add(scheduled(second))).toBe(false);
      expect(await jobs.add(scheduled(first))).toBe(true);
      expect(await jobs.add(scheduled(first))).toBe(false);
      expect(await jobs.add(jobOf({ scheduledAt: first }))).toBe(true);
      expect(await jobs.lastScheduled([_flowId, newId()])).toEqual(new Map([[_flowId, second]]));
      expect(await jobs.purge('2100', 10)).toBe(2);
      expect(await jobs.lastScheduled([_flowId])).toEqual(new Map([[_flowId, second]]));
      expect(await jobs.add(scheduled(second))).toBe(false);
    });

    test('update replaces a record only if its status is one of those expected', async () => {
      const jobs = await openJobs();
      const job = jobOf({});
      await jobs.add(job);
      const running = { ...job, status: 'running', numSuccess: 7, text: TEXT } as const;
      expect(await jobs.update(running, ['completed'])).toBe(false);
      expect(await jobs.update(running, [])).toBe(false);
      expect(await jobs.get(job._id)).toEqual(job);
      expect(await jobs.update(running, ['queued'])).toBe(true);
      expect(await jobs.get(job._id)).toEqual(running);
      const ended = { ...job, status: 'completed' } as const;
      expect(await jobs.update(ended)).toBe(true);
      expect(await jobs.update({ ...ended, status: 'canceling' })).toBe(false);
      expect(await jobs.update({ ...ended, numOpenError: 0 }, ['completed', 'failed'])).toBe(true);
      expect(await jobs.update(jobOf({}))).toBe(false);
    });

    test('lists are newest first, paged, and filtered by each field', async () => {
      const jobs = await openJobs();
      const [one, two] = [newId(), newId()];
      const flows = [newId(), newId(), newId()];
      const all: StoredJob[] = [];
      for (let n = 0; n < 30; n++) {
        const job = jobOf({
          _integrationId: n % 3 === 2 ? two : one,
          _flowId: flows[n % 3] as string,
          type: n % 2 === 0 ? 'flow' : 'retry',
          status: n < 27 ? (n % 5 === 0 ? 'failed' : 'completed') : 'running',
          // Several have the same time.
          createdAt: `2026-01-01T00:00:00.${String(100 + Math.floor(n / 4)).padStart(3, '0')}Z`,
        });
        expect(await jobs.add(job)).toBe(true);
        all.unshift(job);
      }
      const list = async (query: Partial<Parameters<JobStore['list']>[0]> = {}) =>
        idsOf(await jobs.list({ before: undefined, limit: 1_000, ...query }));
      const where = (matches: (job: StoredJob) => boolean) => idsOf(all.filter(matches));
      expect(await list()).toEqual(idsOf(all));
      const paged: string[] = [];
      for (let before: [string, string] | undefined; paged.length < all.length; ) {
        const page = await jobs.list({ before, limit: 7 });
        paged.push(...idsOf(page));
        const last = page.at(-1) as StoredJob;
        before = [last.createdAt, last._id];
      }
      expect(paged).toEqual(idsOf(all));
      expect(await list({ integrationIds: [two] })).toEqual(where((job) => job._integrationId === two));
      expect(await list({ integrationIds: [one, two], limit: 3 })).toEqual(idsOf(all.slice(0, 3)));
      expect(await list({ integrationIds: [] })).toEqual([]);
      expect(await list({ flowIds: flows.slice(0, 2) })).toEqual(where((job) => job._flowId !== flows[2]));
      expect(await list({ flowIds: [flows[1] as string], types: ['retry'] })).toEqual(
        where((job) => job._flowId === flows[1] && job.type === 'retry'),
      );
      expect(await list({ statuses: ['failed', 'running'] })).toEqual(where(({ status }) => status !== 'completed'));
      const [createdFrom, createdTo] = ['2026-01-01T00:00:00.102Z', '2026-01-01T00:00:00.104Z'];
      expect(await list({ createdFrom, createdTo })).toEqual(
        where(({ createdAt }) => createdAt >= createdFrom && createdAt <= createdTo),
      );
      expect(idsOf(await jobs.latestOf(one, [...flows, newId()])).sort()).toEqual(
        [flows[0], flows[1]].map((flow) => all.find(({ _flowId }) => _flowId === flow)?._id).sort(),
      );
      expect(await jobs.latestOf(two, [])).toEqual([]);
    });
  });

  describe('errors', () => {
    test('a page has the errors that were stored last; they are listed by id, with and without data', async () => {
      const jobs = await openJobs();
      const job = jobOf({});
      await jobs.add(job);
      const [a, b, c, d] = [0, 0, 1, 0].map((page) => errorOf(job, page, { data: JSON.stringify({ text: TEXT }) }));
      if (!a || !b || !c || !d) throw new Error('no errors');
      await jobs.errors.put(job, 0, [a, b]);
      await jobs.errors.put(job, 1, [c]);
      expect(await jobs.errors.list(job._id, { limit: 10 })).toEqual([a, b, c]);
      // As when a page is repeated after its node died.
      await jobs.errors.put(job, 0, [d]);
      expect(await jobs.errors.list(job._id, { limit: 10 })).toEqual([c, d]);
      expect(await jobs.errors.list(job._id, { limit: 1, after: c._id })).toEqual([d]);
      await jobs.errors.put(job, 0, []);
      expect(await jobs.errors.count(job._id)).toBe(1);
    });

    test('errors are resolved once, some or all, and counted', async () => {
      const jobs = await openJobs();
      const job = jobOf({});
      await jobs.add(job);
      const all = Array.from({ length: 120 }, () => errorOf(job, 0));
      await jobs.errors.put(job, 0, all);
      const some = idsOf(all.slice(0, 50));
      expect(await jobs.errors.resolve(job._id, [...some, newId()])).toBe(50);
      expect(await jobs.errors.resolve(job._id, some)).toBe(0);
      expect([await jobs.errors.count(job._id), await jobs.errors.count(job._id, true)]).toEqual([120, 50]);
      expect(idsOf(await jobs.errors.list(job._id, { limit: 2, isResolved: false }))).toEqual(idsOf(all.slice(50, 52)));
      expect(await jobs.errors.resolve(job._id)).toBe(70);
      expect(await jobs.errors.count(job._id, false)).toBe(0);
      expect(await jobs.errors.resolve(job._id, [])).toBe(0);
    });

    test('a page of them ends once their records have so many characters', async () => {
      const jobs = await openJobs();
      const job = jobOf({});
      await jobs.add(job);
      const errors = [errorOf(job, 0, { data: '"12"' }), errorOf(job, 0), errorOf(job, 0, { data: '"345"' })];
      await jobs.errors.put(job, 0, errors);
      const read = async (chars: number, after?: string) =>
        idsOf(await jobs.errors.list(job._id, { chars, after, limit: 9 }));
      expect([await read(4), await read(5), await read(100)].map(({ length }) => length)).toEqual([1, 3, 3]);
      expect(await read(1, errors[1]?._id)).toEqual([errors[2]?._id]);
    });

    test('a job that is gone gets no errors', async () => {
      const jobs = await openJobs();
      const job = jobOf({});
      await jobs.errors.put(job, 0, [errorOf(job, 0)]);
      expect(await jobs.errors.count(job._id)).toBe(0);
    });
  });

  describe('messages', () => {
    const messageOf = (exportId: string, integrationId: string, body = '{}'): ReceivedMessage => ({
      _id: newId(),
      integrationId,
      exportId,
      body,
    });

    test('are read in the order of arrival, up to both limits but at least one, until they are acknowledged', async () => {
      const jobs = await openJobs();
      const [integrationId, one, two] = [newId(), newId(), newId()];
      const all = Array.from({ length: 10 }, (_, n) => messageOf(one, integrationId, JSON.stringify(`${TEXT}${n}`)));
      const other = messageOf(two, integrationId);
      await Promise.all([
        jobs.messages.receive(all.slice(0, 4)),
        jobs.messages.receive([other]),
        jobs.messages.receive(all.slice(4)),
      ]);
      expect(await jobs.messages.read(one, { limit: 100, chars: 1_000_000 })).toEqual(all);
      expect(await jobs.messages.read(two, { limit: 100, chars: 1 })).toEqual([other]);
      const chars = (all[0]?.body.length ?? 0) * 3 + 1;
      expect(await jobs.messages.read(one, { limit: 100, chars })).toEqual(all.slice(0, 3));
      expect(await jobs.messages.read(one, { limit: 2, chars, after: all[3]?._id })).toEqual(all.slice(4, 6));
      const bytes = Buffer.byteLength(all[0]?.body ?? '');
      expect(await jobs.messages.count(one, 5)).toEqual({ count: 5, bytes: 5 * bytes });
      expect(await jobs.messages.count(one, 50)).toEqual({ count: 10, bytes: 10 * bytes });
      await jobs.messages.acknowledge(one, all[3]?._id as string);
      await jobs.messages.acknowledge(one, all[3]?._id as string);
      expect(await jobs.messages.read(one, { limit: 100, chars: 1_000_000 })).toEqual(all.slice(4));
      // A checkpoint may name one that has been acknowledged.
      expect(await jobs.messages.read(one, { limit: 1, chars: 1, after: all[3]?._id })).toEqual([all[4]]);
      const listed = await jobs.messages.exports();
      expect(new Set(listed.map(({ exportId }) => exportId))).toEqual(new Set([one, two]));
      await jobs.messages.acknowledge(one, all[9]?._id as string);
      expect(await jobs.messages.exports()).toEqual([{ integrationId, exportId: two }]);
    });

    test('a message whose id is older than one that was read before is neither skipped nor removed', async () => {
      const jobs = await openJobs();
      const [integrationId, exportId] = [newId(), newId()];
      // The ids are made before the messages are stored, maybe on several nodes.
      const [early, late] = [messageOf(exportId, integrationId), messageOf(exportId, integrationId)];
      await jobs.messages.receive([late]);
      const read = await jobs.messages.read(exportId, { limit: 10, chars: 100 });
      await jobs.messages.receive([early]);
      expect(await jobs.messages.read(exportId, { limit: 10, chars: 100 })).toEqual([late, early]);
      expect(await jobs.messages.read(exportId, { limit: 10, chars: 100, after: read[0]?._id })).toEqual([early]);
      await jobs.messages.acknowledge(exportId, late._id);
      expect(await jobs.messages.read(exportId, { limit: 10, chars: 100 })).toEqual([early]);
    });

    test('many small ones, and large ones, all arrive once', async () => {
      const jobs = await openJobs();
      const [integrationId, exportId] = [newId(), newId()];
      const all = Array.from({ length: 300 }, (_, n) => messageOf(exportId, integrationId, `"${n}"`));
      all.push(...Array.from({ length: 8 }, () => messageOf(exportId, integrationId, `"${'ä'.repeat(800_000)}"`)));
      await Promise.all(all.map((message) => jobs.messages.receive([message])));
      const found: ReceivedMessage[] = [];
      for (let after: string | undefined; found.length < all.length; after = found.at(-1)?._id) {
        found.push(...(await jobs.messages.read(exportId, { after, limit: 100, chars: 2_000_000 })));
      }
      expect(found).toEqual(all);
      await jobs.messages.acknowledge(exportId, found.at(-1)?._id as string);
      expect(await jobs.messages.count(exportId, 10)).toEqual({ count: 0, bytes: 0 });
    });
  });

  describe('removal', () => {
    test('purge removes the oldest ended jobs with their errors, up to the limit', async () => {
      const jobs = await openJobs();
      const at = (second: number): string => `2026-01-01T00:00:0${second}.000Z`;
      const all = [0, 1, 2, 3].map((n) => jobOf({ createdAt: at(n), status: n === 1 ? 'running' : 'completed' }));
      for (const job of all) {
        await jobs.add(job);
        await jobs.errors.put(
          job,
          0,
          Array.from({ length: 50 }, () => errorOf(job, 0)),
        );
      }
      const [first, running, second, last] = all as [StoredJob, StoredJob, StoredJob, StoredJob];
      expect(await jobs.purge(at(3), 1)).toBe(1);
      expect(await jobs.get(first._id)).toBeUndefined();
      expect(await jobs.errors.count(first._id)).toBe(0);
      expect(await jobs.purge(at(3), 10)).toBe(1);
      expect(await jobs.purge(at(3), 10)).toBe(0);
      expect(idsOf(await jobs.list({ before: undefined, limit: 9 }))).toEqual([last._id, running._id]);
      expect(await jobs.errors.count(second._id)).toBe(0);
      expect(await jobs.errors.count(last._id)).toBe(50);
    });

    test('forget removes everything of an integration, and nothing of others', async () => {
      const jobs = await openJobs();
      const [gone, stays] = [newId(), newId()];
      const scheduledAt = '2026-01-01T00:00:00.000Z';
      const [one, other] = [gone, stays].map((_integrationId) => jobOf({ _integrationId, scheduledAt }));
      if (!one || !other) throw new Error('no jobs');
      for (const job of [one, other]) {
        await jobs.add(job);
        await jobs.errors.put(job, 0, [errorOf(job, 0)]);
        await jobs.messages.receive([
          { _id: newId(), integrationId: job._integrationId, exportId: newId(), body: '1' },
        ]);
      }
      expect((await jobs.integrationIds()).sort()).toEqual([gone, stays].sort());
      await jobs.forget(gone);
      expect(await jobs.integrationIds()).toEqual([stays]);
      expect(await jobs.get(one._id)).toBeUndefined();
      expect([await jobs.errors.count(one._id), await jobs.errors.count(other._id)]).toEqual([0, 1]);
      expect(await jobs.messages.exports()).toHaveLength(1);
      expect([...(await jobs.lastScheduled([one._flowId, other._flowId])).keys()]).toEqual([other._flowId]);
      expect(await jobs.update({ ...one, status: 'running' })).toBe(false);
    });
  });

  describe('the queue', () => {
    test('a job that is added starts at once, and one before `serve` does, too', async () => {
      const jobs = await openJobs();
      const [before, after] = [jobOf({}), jobOf({})];
      await jobs.add(before);
      const runs = new RecordedJobs(jobs);
      await runs.start(before);
      const addedAt = performance.now();
      await jobs.add(after);
      await runs.start(after);
      expect(performance.now() - addedAt).toBeLessThan(1_000);
      expect(runs.started).toEqual([before, after].map(({ _id, _integrationId }) => [_integrationId, _id]));
      await runs.end(before);
      await runs.end(after);
      await jobs.stop();
      expect(runs.started).toHaveLength(2);
    });

    test('so many run at a time, and the integrations take turns', async () => {
      const jobs = await openJobs();
      const [hog, other] = [newId(), newId()];
      const queued = Array.from({ length: 6 }, () => jobOf({ _integrationId: hog }));
      for (const job of queued) await jobs.add(job);
      const runs = new RecordedJobs(jobs, 2);
      await runs.start(queued[1] as StoredJob);
      const late = jobOf({ _integrationId: other });
      await jobs.add(late);
      await runs.end(queued[0] as StoredJob);
      await runs.start(late);
      expect(runs.most).toBe(2);
      for (const job of [late, ...queued.slice(1)]) {
        await runs.start(job);
        await runs.end(job);
      }
      expect(runs.most).toBe(2);
      // Oldest first within an integration.
      expect(runs.started.map(([, id]) => id).filter((id) => id !== late._id)).toEqual(idsOf(queued));
    });

    test('a job whose handler fails is handed out again, unless it has ended', async () => {
      const jobs = await openJobs();
      const [fails, ends] = [jobOf({}), jobOf({})];
      const started: string[] = [];
      const done = Promise.withResolvers<void>();
      const run: JobHandlers['run'] = async ({ jobId }) => {
        started.push(jobId);
        if (jobId === ends._id) await jobs.update({ ...ends, status: 'failed' });
        else if (started.filter((id) => id === jobId).length === 2) {
          await jobs.update({ ...fails, status: 'completed' });
          done.resolve();
          return;
        }
        throw new Error('the handler fails');
      };
      jobs.serve({ concurrency: 1, run, onCancel: () => {} });
      await jobs.add(ends);
      await jobs.add(fails);
      await done.promise;
      await jobs.stop();
      expect(started.sort()).toEqual([ends._id, fails._id, fails._id].sort());
    });

    test('a job that ends before its turn is not handed out', async () => {
      const jobs = await openJobs();
      const [running, canceled, next] = [jobOf({}), jobOf({}), jobOf({})];
      const runs = new RecordedJobs(jobs, 1);
      await jobs.add(running);
      await runs.start(running);
      await jobs.add(canceled);
      await jobs.add(next);
      expect(await jobs.update({ ...canceled, status: 'canceled' }, ['queued'])).toBe(true);
      await runs.end(running);
      await runs.start(next);
      await runs.end(next);
      expect(runs.started.map(([, id]) => id)).toEqual([running._id, next._id]);
    });

    test('stop aborts what runs, waits for it, and hands out nothing more; serve goes on', async () => {
      const jobs = await openJobs();
      const [running, queued] = [jobOf({}), jobOf({})];
      await jobs.add(running);
      const runs = new RecordedJobs(jobs, 1);
      await runs.start(running);
      await jobs.add(queued);
      const [stopped] = [jobs.stop(), jobs.stop()];
      await stopped;
      expect(runs.aborted).toEqual([running._id]);
      expect(runs.started).toHaveLength(1);
      const again = new RecordedJobs(jobs, 2);
      await again.start(running);
      await again.start(queued);
      await again.end(running);
      await again.end(queued);
    });

    test('a cancellation reaches the handler of a job that runs', async () => {
      const jobs = await openJobs();
      const [job, other] = [jobOf({}), jobOf({})];
      const runs = new RecordedJobs(jobs);
      await jobs.add(job);
      await runs.start(job);
      await jobs.requestCancel(other);
      const canceling = { ...job, status: 'canceling' } as const;
      await jobs.update(canceling);
      await jobs.requestCancel(canceling);
      await vi.waitFor(() => expect(new Set(runs.cancelled)).toEqual(new Set([job._id])));
      await runs.end(job, 'canceled');
    });
  });

  test('what another storage lists can be put, and goes on there', async () => {
    const [one, two] = [await openJobs(), await openJobs()];
    const exportId = newId();
    const added: StoredJob[] = [];
    for (const status of ['completed', 'queued', 'running'] satisfies JobStatus[]) {
      const job = jobOf({ status, scheduledAt: '2026-01-01T00:00:00.000Z', text: TEXT });
      added.push(job);
      await one.add(job);
      await one.errors.put(job, 0, [
        errorOf(job, 0, { data: JSON.stringify(TEXT) }),
        errorOf(job, 0, { isResolved: true }),
      ]);
    }
    const integrationId = newId();
    const body = JSON.stringify(TEXT);
    const messages = Array.from({ length: 5 }, () => ({ _id: newId(), integrationId, exportId, body }));
    await one.messages.receive(messages.slice(2));
    await one.messages.receive(messages.slice(0, 2));
    const all = async (jobs: JobStore) => {
      const listed: { job: StoredJob; errors: StoredJobError[] }[] = [];
      for (
        let page = await jobs.allJobs(undefined, 2);
        page.length > 0;
        page = await jobs.allJobs(page.at(-1)?._id, 2)
      ) {
        for (const job of page) listed.push({ job, errors: await jobs.errors.list(job._id, { limit: 10 }) });
      }
      const received: ReceivedMessage[] = [];
      for (let page = await jobs.messages.page(undefined, 2); page.length > 0; ) {
        received.push(...page);
        page = await jobs.messages.page(page.at(-1)?._id, 2);
      }
      return { listed, received };
    };
    const { listed, received } = await all(one);
    expect(listed.map(({ job }) => job)).toEqual(added);
    expect(received).toEqual([...messages.slice(2), ...messages.slice(0, 2)]);
    await two.put(listed.slice(0, 1));
    // All or none: the first is there already.
    await expect(two.put(listed)).rejects.toMatchObject({ name: 'StoreError' });
    await two.put(listed.slice(1));
    await two.messages.receive(received);
    expect(await all(two)).toEqual({ listed, received });
    const runs = new RecordedJobs(two);
    for (const job of added.slice(1)) {
      await runs.start(job);
      await runs.end(job);
    }
    await two.stop();
    expect(runs.started).toHaveLength(2);
  });
});
