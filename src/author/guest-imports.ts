/** esbuild plugins that check a bundle's imports and report forbidden ones with file and line. */
import { isBuiltin } from 'node:module';
import type { OnResolveArgs, OnResolveResult, Plugin } from 'esbuild';
import type { ImportChains } from './import-chains.ts';

const SDK = 'export const defineConnector = (connector) => connector;\n';

const NO_NODE = "connectors run without Node, and only 'bulkhead' can be imported";

/** For a source to be built: libraries are bundled, and the runtime provides `bulkhead`. */
export function bundledImports(chains: ImportChains): Plugin {
  return {
    name: 'guest imports',
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: 'bulkhead' }, () => ({ contents: SDK, loader: 'js' }));
      build.onResolve({ filter: /.*/ }, ({ path, kind, importer }): OnResolveResult | undefined => {
        if (kind === 'entry-point') return undefined;
        chains.add(path, importer);
        if (path === 'bulkhead') return { path, external: true };
        if (path === 'bulkhead/sdk') return { path, namespace: 'bulkhead' };
        if (path.startsWith('bulkhead/')) return importError(`${path} is for tests and cannot be bundled`);
        return undefined;
      });
    },
  };
}

/** For a main file that is not built. */
export const ownImports: Plugin = {
  name: 'own imports',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind }: OnResolveArgs): OnResolveResult | undefined => {
      if (kind === 'entry-point') return undefined;
      if (path === 'bulkhead') return { path, external: true };
      if (isBuiltin(path)) return importError(`${path} is not available: ${NO_NODE}`);
      return importError(
        `${path} is another file, but a bundle is a single file: set "source" to this file in package.json and build. An old connector of integrator.io builds with --legacy`,
      );
    });
  },
};

const importError = (text: string): OnResolveResult => ({ errors: [{ text }] });
