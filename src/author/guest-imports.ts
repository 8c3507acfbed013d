/** Which imports a bundle may have, as a plugin of esbuild: what is forbidden is told with its line. */
import { isBuiltin } from 'node:module';
import type { OnResolveArgs, OnResolveResult, Plugin } from 'esbuild';

const SDK = 'export const defineConnector = (connector) => connector;\n';
const RESOLVED = Symbol('resolved by this plugin');

const NO_NODE = "connector code has no Node around it: only 'bulkhead' can be imported";

const isInLibrary = (file: string): boolean => /[\\/]node_modules[\\/]/.test(file);

/** For a source that is bundled: libraries go into the bundle, `bulkhead` comes from the runtime. */
export const bundledImports: Plugin = {
  name: 'guest imports',
  setup(build) {
    build.onLoad({ filter: /.*/, namespace: 'bulkhead' }, () => ({ contents: SDK, loader: 'js' }));
    build.onResolve({ filter: /.*/ }, async (args): Promise<OnResolveResult | undefined> => {
      const { path, kind, pluginData, ...rest } = args;
      if (kind === 'entry-point' || pluginData === RESOLVED) return undefined;
      if (path === 'bulkhead') return { path, external: true };
      if (path === 'bulkhead/sdk') return { path, namespace: 'bulkhead' };
      if (path.startsWith('bulkhead/')) return importError(`${path} is for tests: it does not go into a bundle`);
      if (!isBuiltin(path)) return undefined;
      // `events`, `buffer` and their like are packages, too.
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
      // Libraries that run in many places often try what is not there; it throws when they call it.
      const isOptional = kind === 'require-call' && isInLibrary(args.importer);
      if (!isOptional) return importError(`${path} is not there: ${NO_NODE}`);
      return {
        path,
        external: true,
        warnings: [{ text: `${path} is not there: what needs it fails when it is called` }],
      };
    });
  },
};

/** For a main file that is the bundle as it is. */
export const ownImports: Plugin = {
  name: 'own imports',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ path, kind }: OnResolveArgs): OnResolveResult | undefined => {
      if (kind === 'entry-point') return undefined;
      if (path === 'bulkhead') return { path, external: true };
      if (isBuiltin(path)) return importError(`${path} is not there: ${NO_NODE}`);
      return importError(
        `${path} is another file, and a bundle is one: name this one as "source" in package.json and build it`,
      );
    });
  },
};

const importError = (text: string): OnResolveResult => ({ errors: [{ text }] });
