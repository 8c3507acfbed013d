/** The job queue library: its options, and its tables in the schema. */
import type { Pool } from 'pg';
import { type Clock, type Db, PgBoss } from 'pg-boss';
import { SCHEMA } from './schema.ts';

/** Runs the library's statements. */
export type Executor = Db;
export type QueueLibrary = PgBoss;

/** Name of the only queue. */
export const QUEUE = 'flow-jobs';

/** Leaves the library's timers out of what keeps the process alive. */
const clock: Clock = {
  now: () => Date.now(),
  setTimeout: (work, ms) => setTimeout(work, ms).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setInterval: (work, ms) => setInterval(work, ms).unref(),
  clearInterval: (timer) => clearInterval(timer as NodeJS.Timeout),
};

/** The queue's options never change, but the library would read them every minute. */
const CACHE_S = 24 * 3_600;

export function libraryOn(db: Executor): PgBoss {
  const library = new PgBoss({
    db,
    clock,
    schema: SCHEMA,
    createSchema: false,
    // The queue has only waiting jobs.
    supervise: false,
    schedule: false,
    registerInstance: false,
    queueCacheIntervalSeconds: CACHE_S,
  });
  // Callers get their errors anyway; everything else is retried.
  library.on('error', () => {});
  library.on('warning', () => {});
  return library;
}

/** Creates the library's tables and the queue, or brings them up to date. */
export async function migrateQueue(pool: Pool): Promise<void> {
  const library = libraryOn({ executeSql: (text, values) => pool.query(text, values) });
  try {
    await library.start();
    if (!(await library.getQueue(QUEUE))) await library.createQueue(QUEUE);
  } finally {
    await library.stop({ graceful: false });
  }
}
