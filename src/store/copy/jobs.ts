/** Jobs of flows with their failed records, and webhook messages. */
import type { ReceivedMessage, StoredJob, StoredJobError } from '../jobs.ts';
import { jsonItem, type OpenStore, type Section } from './item.ts';

const PAGE_JOBS = 100;
/** Few, because each may have megabytes. */
const PAGE_ERRORS = 100;
const PAGE_MESSAGES = 20;

interface Job {
  readonly job: StoredJob;
  readonly errors: readonly StoredJobError[];
}

/** An unfinished job enters the target's queue and resumes there. */
export const jobs: Section<Job> = {
  name: 'jobs',
  async *list(store) {
    const page = (last?: StoredJob): Promise<StoredJob[]> => store.storage.jobs.allJobs(last?._id, PAGE_JOBS);
    for await (const job of allOf(page, PAGE_JOBS)) {
      yield jsonItem([job._id], { job, errors: await errorsOf(store, job._id) });
    }
  },
  async write({ storage }, items) {
    await storage.jobs.put(items.map(({ content }) => content));
  },
};

async function errorsOf({ storage }: OpenStore, jobId: string): Promise<StoredJobError[]> {
  const page = (last?: StoredJobError): Promise<StoredJobError[]> =>
    storage.jobs.errors.list(jobId, { after: last?._id, limit: PAGE_ERRORS });
  const errors: StoredJobError[] = [];
  for await (const error of allOf(page, PAGE_ERRORS)) errors.push(error);
  return errors;
}

/** Keys are in order of arrival, not of ids, so that messages a job has read stay before the others. */
export const messages: Section<ReceivedMessage> = {
  name: 'messages',
  async *list({ storage }) {
    const page = (last?: ReceivedMessage): Promise<ReceivedMessage[]> =>
      storage.jobs.messages.page(last?._id, PAGE_MESSAGES);
    let [exportId, index] = ['', 0];
    for await (const message of allOf(page, PAGE_MESSAGES)) {
      index = message.exportId === exportId ? index + 1 : 0;
      exportId = message.exportId;
      yield jsonItem([exportId, String(index).padStart(12, '0')], message);
    }
  },
  async write({ storage }, items) {
    await storage.jobs.messages.receive(items.map(({ content }) => content));
  },
};

async function* allOf<T>(load: (last?: T) => Promise<readonly T[]>, size: number): AsyncGenerator<T> {
  for (let last: T | undefined; ; ) {
    const page: readonly T[] = await load(last);
    yield* page;
    last = page.at(-1);
    if (page.length < size) return;
  }
}
