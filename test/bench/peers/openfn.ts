/** OpenFn's runtime: a job of one expression, in `node:vm`, which is compiled for each call. Needs `--experimental-vm-modules`. */
import createLogger from '@openfn/logger';
import run from '@openfn/runtime';
import { serve } from './serve.ts';

const logger = createLogger('', { level: 'none' });
serve(async (text) => {
  const { data, errors } = await run('export default [(state) => state]', { data: JSON.parse(text) }, { logger });
  if (errors) throw new Error('the job has failed');
  return JSON.stringify(data);
});
