/**
 * Turns on V8's compile cache. The cache is in `node_modules`, next to the sources, so that only those who can change the
 * sources can write it. If it cannot be written, or NODE_DISABLE_COMPILE_CACHE=1 is set, starts take longer.
 * NODE_COMPILE_CACHE names another folder.
 *
 * `main.ts` loads this before anything else. `npm start` loads it even before `main.ts`: stripping the types of that file
 * takes 18 MB if it is not cached. For the same reason this file is JavaScript.
 */
import { enableCompileCache, findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

const manifest = findPackageJSON('.', import.meta.url);
if (manifest !== undefined) enableCompileCache(join(dirname(manifest), 'node_modules/.cache/bulkhead'));
