/**
 * Loaded in front of an author's tests (`node --import`): `bulkhead/test` and `bulkhead/sdk` are this very
 * package's where the project has not installed one.
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
