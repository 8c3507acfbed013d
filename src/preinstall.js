/** npm runs this before the scripts of libraries, so that a Node that cannot run the product is no reason to compile. */
import { existsSync } from 'node:fs';
import { installProblem } from './supported-node.js';

const { arch, env, platform, versions } = process;
const { node, modules } = versions;
const isCheckout = existsSync(new URL('main.ts', import.meta.url));
const problem = installProblem(import.meta.url, { node, modules, platform, arch, isCheckout });
if (problem !== undefined && env.npm_config_build_from_source !== 'true') {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
