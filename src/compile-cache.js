/**
 * What V8 has made of the sources is kept for the next start: in `node_modules` beside them, where only those
 * may write who could change the sources as well. If that cannot be written, or NODE_DISABLE_COMPILE_CACHE=1
 * is set, starts take longer. NODE_COMPILE_CACHE names another folder.
 *
 * The process's door loads this before anything else. `npm start` loads it in front of the door: what strips
 * the types of the door's own file takes 18 MB, unless it is found here. Hence JavaScript.
 */
import { enableCompileCache, findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

const manifest = findPackageJSON('.', import.meta.url);
if (manifest !== undefined) enableCompileCache(join(dirname(manifest), 'node_modules/.cache/bulkhead'));
