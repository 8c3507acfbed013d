/** workerpool: worker threads without a sandbox in them. */
import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';
import { serve } from './serve.ts';

const pool = workerpool.pool(fileURLToPath(new URL('workerpool-worker.mjs', import.meta.url)), {
  workerType: 'thread',
  minWorkers: 2,
  maxWorkers: 2,
});
serve(async (text) => (await pool.exec('echo', [text])) as string);
