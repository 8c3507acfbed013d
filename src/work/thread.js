/**
 * Entry file of a pool thread. It turns on the process's compile cache before it imports TypeScript: without the cache,
 * stripping types takes 30 MB. For the same reason it is JavaScript itself.
 */
import { enableCompileCache } from 'node:module';
import { workerData } from 'piscina';

const { cacheFolder, worker } = workerData;
if (cacheFolder !== undefined) enableCompileCache(cacheFolder);
const { default: work } = await import(worker);

export default work;
