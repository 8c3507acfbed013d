/**
 * Preloaded before an author's tests (`node --import`): resolves `bulkhead/test` and `bulkhead/sdk` to this package
 * if the project has not installed it.
 */
import { registerHooks } from 'node:module';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const own: ReadonlyMap<string, URL> = new Map([
  ['bulkhead/test', new URL(`./compartment.${extension}`, import.meta.url)],
  ['bulkhead/sdk', new URL(`../sdk/index.${extension}`, import.meta.url)],
]);

registerHooks({
  resolve(specifier, context, nextResolve) {
    try {
      return nextResolve(specifier, context);
    } catch (error) {
      const url = own.get(specifier);
      if (!url || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
      return { url: url.href, shortCircuit: true };
    }
  },
});
