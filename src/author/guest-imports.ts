/** esbuild plugins that check a bundle's imports and report forbidden ones with file and line. */
import { isBuiltin } from 'node:module';
import type { OnResolveArgs, OnResolveResult, Plugin } from 'esbuild';

const SDK = 'export const defineConnector = (connector) => connector;\n';
const RESOLVED = Symbol('resolved by this plugin');

const NO_NODE = "connectors run without Node, and only 'bulkhead' can be imported";

const isInLibrary = (file: string): boolean => /[\\/]node_modules[\\/]/.test(file);

/** For a source to be built: libraries are bundled, and the runtime provides `bulkhead`. */
export const bundledImports: Plugin = {
  name: 'guest imports',
  setup(build) {
    build.onLoad({ filter: /.*/, namespace: 'bulkhead' }, () => ({ contents: SDK, loader: 'js' }));
    build.onResolve({ filter: /.*/ }, async (args): Promise<OnResolveResult | undefined> => {
      const { path, kind, pluginData, ...rest } = args;
      if (kind === 'entry-point' || pluginData === RESOLVED) return undefined;
      if (path === 'bulkhead') return { path, external: true };
      if (path === 'bulkhead/sdk') return { path, namespace: 'bulkhead' };
      if (path.startsWith('bulkhead/')) return importError(`${path} is for tests and cannot be bundled`);
      if (!isBuiltin(path)) return undefined;
      // npm has packages named `events`, `buffer` and the like.
      if (!path.startsWith('node:')) {
        const resolved = await build.resolve(path, {
          kind,
          importer: rest.importer,
          resolveDir: rest.resolveDir,
          pluginData: RESOLVED,
        });
        if (resolved.errors.length === 0)
          return { path: resolved.path, namespace: resolved.namespace, external: resolved.external };
      }
      // Portable libraries often try to require Node modules. Such a require throws when it runs.
      const isOptional = kind === 'require-call' && isInLibrary(args.importer);
      if (!isOptional) return importError(`${path} is not available: ${NO_NODE}`);
      return {
        path,
        external: true,
        warnings: [{ text: `${path} is not available: code that needs it will fail when called` }],
      };
    });
  },
};

/** For a main file that is not built. */
export const ownImports: Plugin = {
  name: 'own imports',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind }: OnResolveArgs): OnResolveResult | undefined => {
      if (kind === 'entry-point') return undefined;
      if (path === 'bulkhead') return { path, external: true };
      if (isBuiltin(path)) return importError(`${path} is not available: ${NO_NODE}`);
      return importError(
        `${path} is another file, but a bundle is a single file: set "source" to this file in package.json and build`,
      );
    });
  },
};

const importError = (text: string): OnResolveResult => ({ errors: [{ text }] });
