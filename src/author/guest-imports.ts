/** esbuild plugins that check a bundle's imports and report forbidden ones with file and line. */
import { isBuiltin } from 'node:module';
import type { OnResolveArgs, OnResolveResult, PartialMessage, Plugin, PluginBuild } from 'esbuild';
import { integratorApiFile } from '../../sandbox/index.ts';
import type { ImportChains } from './import-chains.ts';
import { ModuleUses } from './module-uses.ts';
import { readSource } from './read-source.ts';
import { unawaitedCalls } from './unawaited-calls.ts';

/** The module that scripts of integrator.io import. */
const INTEGRATOR_API = 'integrator-api';

type Resolved = OnResolveResult | Promise<OnResolveResult> | undefined;

const SDK = 'export const defineConnector = (connector) => connector;\n';

const NO_NODE = "connectors run without Node, and only 'bulkhead' can be imported";

/** For a source that is built: libraries are bundled, and the runtime provides `bulkhead`. */
export function bundledImports(chains: ImportChains): Plugin {
  return {
    name: 'guest imports',
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: 'bulkhead' }, () => ({ contents: SDK, loader: 'js' }));
      const looked = new Set<string>();
      build.onResolve({ filter: /.*/ }, ({ path, kind, importer }): Resolved => {
        if (kind === 'entry-point') return undefined;
        chains.add(path, importer);
        if (path === INTEGRATOR_API) {
          const isFirst = !looked.has(importer);
          looked.add(importer);
          return integratorApi(isFirst ? importer : undefined, build);
        }
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

/** @param importer undefined if it has been checked already */
async function integratorApi(importer: string | undefined, build: PluginBuild): Promise<OnResolveResult> {
  const warnings = importer === undefined ? [] : await unawaited(importer, build);
  return { path: integratorApiFile, sideEffects: false, warnings };
}

async function unawaited(importer: string, build: PluginBuild): Promise<PartialMessage[]> {
  const source = await readSource(importer, build);
  if (!source) return [];
  const calls = unawaitedCalls(source.program, new ModuleUses(source.program, [INTEGRATOR_API]));
  return calls.map(({ name, offset }) => ({
    text: `${name} of ${INTEGRATOR_API} returns a promise here: write await before it, in an async function`,
    location: source.locationAt(offset),
  }));
}

const importError = (text: string): OnResolveResult => ({ errors: [{ text }] });
