/**
 * A process that stores jobs and messages of a data folder until it is killed. It prints the id of each one that was
 * acknowledged, and of each job that starts.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openStorage } from '../../src/store/open-storage.ts';
import { newId } from '../support/documents.ts';
import { errorOf, jobOf } from '../support/job-records.ts';

const [folder = '', exportId = ''] = process.argv.slice(2);
const print = (what: string, id: string): void => void process.stdout.write(`${what} ${id}\n`);

const { jobs } = await openStorage(folder);
jobs.serve({
  concurrency: 2,
  run({ jobId }) {
    print('started', jobId);
    return new Promise(() => {});
  },
  onCancel: () => {},
});

async function addJobs(): Promise<never> {
  for (;;) {
    const job = jobOf({});
    await jobs.add(job);
    await jobs.errors.put(job, 0, [errorOf(job, 0)]);
    print('added', job._id);
    await nextTurn();
  }
}

async function receive(): Promise<never> {
  for (;;) {
    const _id = newId();
    await jobs.messages.receive([{ _id, integrationId: newId(), exportId, body: '{}' }]);
    print('received', _id);
  }
}

await Promise.all([addJobs(), ...Array.from({ length: 4 }, receive)]);
