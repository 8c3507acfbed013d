/**
 * Says in a sentence that a Node cannot run the product, and what to do. This and `preinstall.js` are JavaScript that
 * old versions of Node can read.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const MIN_NODE = 24;

/** @param {string} version such as 24.1.0 */
const isTooOld = (version) => Number(version.split('.')[0]) < MIN_NODE;

/**
 * What is wrong with the Node that runs this.
 *
 * @param {string} version
 * @returns {string | undefined}
 */
export function nodeProblem(version) {
  if (!isTooOld(version)) return undefined;
  return `Bulkhead needs Node ${MIN_NODE} or newer, and this is Node ${version}.`;
}

/**
 * What is wrong with installing here. A Node that is installed as a package is used instead of the one that runs npm.
 *
 * @param {string} from a file in the package
 * @param {{ node: string, modules: string, platform: string, arch: string, isCheckout: boolean }} here
 * @returns {string | undefined}
 */
export function installProblem(from, { node, modules, platform, arch, isCheckout }) {
  const resolver = createRequire(from);
  const beside = versionOf(resolver, 'node');
  if (beside !== undefined && !isTooOld(beside)) return undefined;
  const problem = nodeProblem(node);
  const remedy = isCheckout
    ? 'Run `npm ci` with the development dependencies, which bring one'
    : 'Install the npm package `node` in the same command';
  if (problem !== undefined) return `${problem} ${remedy}, or use a newer Node.`;
  const builds = prebuiltFor(resolver, `${platform}-${arch}`);
  if (builds === undefined || builds.some((name) => name.includes(`.abi${modules}.`))) return undefined;
  return (
    `The library isolated-vm is not prebuilt for Node ${node} on ${platform}-${arch}. ` +
    `${remedy}, or set npm_config_build_from_source=true to compile it.`
  );
}

/**
 * @param {NodeJS.Require} resolver
 * @param {string} name
 */
function versionOf(resolver, name) {
  try {
    return JSON.parse(readFileSync(resolver.resolve(`${name}/package.json`), 'utf8')).version;
  } catch {
    return undefined;
  }
}

/**
 * Names of its native libraries for a system; undefined if it has not been unpacked yet.
 *
 * @param {NodeJS.Require} resolver
 * @param {string} system
 */
function prebuiltFor(resolver, system) {
  let folder;
  try {
    folder = dirname(resolver.resolve('isolated-vm/package.json'));
  } catch {
    return undefined;
  }
  try {
    return readdirSync(join(folder, 'prebuilds', system));
  } catch {
    return [];
  }
}
