/**
 * The first file of a thread of the pool. It shares the process's compile cache, if there is one: what strips types
 * takes 30 MB otherwise. Hence JavaScript.
 */
import { enableCompileCache } from 'node:module';
import { workerData } from 'piscina';

const { cacheFolder, worker } = workerData;
if (cacheFolder !== undefined) enableCompileCache(cacheFolder);
const { default: work } = await import(worker);

export default work;
