/** Jobs in a data folder: kills, folders of earlier versions, speed, and work that must not hold the event loop. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { JobStore, ReceivedMessage } from '../../src/store/jobs.ts';
import { commitJson, documentOf, newId } from '../support/documents.ts';
import { temporaryFolder } from '../support/folders.ts';
import { errorOf, jobOf } from '../support/job-records.ts';
import { RecordedJobs } from '../support/recorded-jobs.ts';
import { serve } from '../support/runtime.ts';
import { memoryStorage, storageIn } from '../support/storages.ts';

const messageOf = (exportId: string, body = '{}'): ReceivedMessage => ({
  _id: newId(),
  integrationId: 'a'.repeat(24),
  exportId,
  body,
});

test('after kill -9 everything acknowledged is there, and what ran is handed out again', async () => {
  const folder = await temporaryFolder();
  const exportId = newId();
  const script = fileURLToPath(new URL('job-writer.ts', import.meta.url));
  const writer = spawn(process.execPath, [script, folder, exportId], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Record<string, string[]> = { added: [], received: [], started: [] };
  for await (const line of createInterface(writer.stdout)) {
    const [what = '', id = ''] = line.split(' ');
    lines[what]?.push(id);
    // What it prints until it ends has been acknowledged, too.
    if (lines.added?.length === 30) writer.kill('SIGKILL');
  }
  const { added = [], received = [], started = [] } = lines;
  expect(started).toHaveLength(2);
  const { jobs } = await storageIn(folder);
  for (const id of added) expect(await jobs.errors.count(id), id).toBe(1);
  const found = await jobs.messages.read(exportId, { limit: 1_000_000, chars: 1_000_000_000 });
  expect(received.length).toBeGreaterThan(0);
  expect(found.map(({ _id }) => _id)).toEqual(expect.arrayContaining(received));
  const runs = new RecordedJobs(jobs, 1_000);
  for (const _id of new Set([...added, ...started])) await runs.start(jobOf({ _id }));
}, 60_000);

test('a folder of an earlier version gets what jobs need', async () => {
  const folder = await temporaryFolder();
  await (await storageIn(folder)).close();
  const database = new DatabaseSync(join(folder, 'bulkhead.sqlite'));
  for (const table of ['jobs', 'last_scheduled', 'job_errors', 'messages']) database.exec(`DROP TABLE ${table}`);
  database.close();
  const storage = await storageIn(folder);
  expect(storage.problems).toEqual([]);
  expect(await storage.jobs.add(jobOf({}))).toBe(true);
});

test('a start forgets the jobs of integrations that are gone', async () => {
  const data = await temporaryFolder();
  const json = documentOf();
  const stays = json.integration._id;
  const { documents, jobs, close } = await storageIn(data);
  await commitJson(documents, json);
  for (const _integrationId of [stays, newId()]) await jobs.add(jobOf({ _integrationId }));
  await close();
  const { runtime } = await serve({}, { data });
  await runtime.close({ drainMs: 0 });
  expect(await (await storageIn(data)).jobs.integrationIds()).toEqual([stays]);
});

test('a database that cannot be written: everything is a StoreError, and the queue goes on afterwards', async () => {
  const folder = await temporaryFolder();
  const { jobs } = await storageIn(folder);
  const [running, next] = [jobOf({}), jobOf({})];
  await jobs.add(running);
  const runs = new RecordedJobs(jobs, 1);
  await runs.start(running);
  await jobs.add(next);
  // Another process holds the lock, as a checker of the file might.
  const other = new DatabaseSync(join(folder, 'bulkhead.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  const writes: Record<string, () => Promise<unknown>> = {
    add: () => jobs.add(jobOf({})),
    update: () => jobs.update({ ...running, status: 'running' }),
    putErrors: () => jobs.errors.put(running, 0, [errorOf(running, 0)]),
    resolveErrors: () => jobs.errors.resolve(running._id),
    receive: () => jobs.messages.receive([messageOf(newId())]),
    forget: () => jobs.forget(running._integrationId),
    put: () => jobs.put([{ job: jobOf({}), errors: [] }]),
  };
  for (const [name, write] of Object.entries(writes)) {
    await expect(write(), name).rejects.toMatchObject({ name: 'StoreError', code: 'store_unavailable' });
  }
  expect(await jobs.get(running._id)).toEqual(running);
  // The slot is free, but the next job cannot be marked as handed out.
  runs.finish(running);
  other.exec('ROLLBACK');
  other.close();
  await jobs.update({ ...running, status: 'completed' });
  await runs.start(next);
});

/** The longest turn of the event loop while something works: CPU time, because others may use the machine. */
async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let isDone = false;
  let longest = 0;
  let from = process.threadCpuUsage();
  const working = work().finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await nextTurn();
    const { user, system } = process.threadCpuUsage(from);
    longest = Math.max(longest, (user + system) / 1_000);
    from = process.threadCpuUsage();
  }
  await working;
  return longest;
}

/** Generous. Without slices, it is up to 400 ms. */
const HELD_MS = 100;

test('long removals, lists and changes leave the event loop its turns', async () => {
  const { jobs } = memoryStorage();
  const job = jobOf({});
  await jobs.add(job);
  const data = JSON.stringify('ä'.repeat(20_000));
  for (let page = 0; page < 20; page++) {
    await jobs.errors.put(
      job,
      page,
      Array.from({ length: 100 }, () => errorOf(job, page, { data })),
    );
  }
  const exportId = newId();
  for (let n = 0; n < 40; n++) await jobs.messages.receive(Array.from({ length: 500 }, () => messageOf(exportId)));
  const many = await addMany(jobs, 20_000);
  const works: Record<string, () => Promise<unknown>> = {
    'a list without a match': () => jobs.list({ before: undefined, limit: 10, types: ['none'] }),
    'errors with their data': () => jobs.errors.list(job._id, { limit: 10_000 }),
    resolve: () => jobs.errors.resolve(job._id),
    acknowledge: async () => {
      const last = (await jobs.messages.read(exportId, { limit: 100_000, chars: 1e9 })).at(-1);
      await jobs.messages.acknowledge(exportId, last?._id as string);
    },
    'latest jobs of many flows': () => jobs.latestOf('', many),
    purge: () => jobs.purge('2100', 20_000),
    forget: () => jobs.forget(job._integrationId),
  };
  for (const [name, work] of Object.entries(works)) {
    expect(await longestTurnMs(work), name).toBeLessThan(HELD_MS);
  }
  expect(await jobs.errors.count(job._id)).toBe(0);
}, 60_000);

/** @returns their flows */
async function addMany(jobs: JobStore, count: number): Promise<string[]> {
  const all = Array.from({ length: count }, () => jobOf({ status: 'completed' }));
  await jobs.put(all.map((job) => ({ job, errors: [] })));
  return all.map(({ _flowId }) => _flowId);
}

test('messages of concurrent webhooks share durable writes', async () => {
  const { jobs } = await storageIn(await temporaryFolder());
  const exportId = newId();
  const count = 4_000;
  let next = 0;
  const from = performance.now();
  const sender = async (): Promise<void> => {
    while (next++ < count) await jobs.messages.receive([messageOf(exportId, `{"text":"${'x'.repeat(200)}"}`)]);
  };
  await Promise.all(Array.from({ length: 32 }, sender));
  const perSecond = (count / (performance.now() - from)) * 1_000;
  expect(await jobs.messages.count(exportId, 10_000)).toMatchObject({ count });
  // Generous: 4,000 on a busy machine. One write for each would be a tenth of that.
  expect(perSecond).toBeGreaterThan(1_000);
});
