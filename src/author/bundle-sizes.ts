/** What makes a bundle large, by package. */
import { resolve } from 'node:path';
import type { Metafile } from 'esbuild';
import { nodeGlobals } from '../../sandbox/index.ts';
import { packageOf } from './import-chains.ts';
import { INLINED_FILE, NODE_MODULE } from './node-modules.ts';

/** Parts listed in a message. */
const MAX_LISTED = 8;
const MIN_LISTED_BYTES = 1024;

export interface PartSize {
  /** A package, `your code`, or Node's modules with everything they need. */
  readonly name: string;
  readonly bytes: number;
}

type Inputs = Metafile['inputs'];

const prefix = `${NODE_MODULE}:`;

/** @returns largest first */
export function sizesOf({ inputs, outputs }: Metafile, folder: string): PartSize[] {
  const polyfills = polyfillsIn(inputs, folder);
  const sizes = new Map<string, number>();
  for (const output of Object.values(outputs)) {
    const counted = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    const modules = counted.flatMap(([path]) => (path.startsWith(prefix) ? [path.slice(prefix.length)] : []));
    const nodes = `Node's ${[...new Set(modules.map((name) => name.replace(/ .*/, '')))].sort().join(', ') || 'globals'}`;
    for (const [path, { bytesInOutput }] of counted) {
      const name = polyfills.has(path) ? nodes : (packageOf(path) ?? 'your code');
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...sizes].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

/** The polyfills of Node's modules and globals, with everything they import. */
function polyfillsIn(inputs: Inputs, folder: string): ReadonlySet<string> {
  const isGlobal = (path: string): boolean => nodeGlobals.some(({ file }) => file === resolve(folder, path));
  const found = new Set(Object.keys(inputs).filter((path) => path.startsWith(prefix) || isGlobal(path)));
  for (const path of found) {
    for (const { path: imported } of inputs[path]?.imports ?? []) {
      if (!imported.startsWith(`${INLINED_FILE}:`)) found.add(imported);
    }
  }
  return found;
}

/** Lines such as `  412 KiB  lodash`. */
export function sizeLines(sizes: readonly PartSize[]): string[] {
  const shown = sizes.slice(0, MAX_LISTED).filter(({ bytes }) => bytes >= MIN_LISTED_BYTES);
  return shown.map(({ name, bytes }) => `${`${Math.ceil(bytes / 1024)}`.padStart(7)} KiB  ${name}`);
}

/** For example `lodash 412 KiB, moment 90 KiB`. */
export function sizeSummary(sizes: readonly PartSize[]): string {
  const shown = sizes.slice(0, MAX_LISTED).filter(({ bytes }) => bytes >= MIN_LISTED_BYTES);
  return shown.map(({ name, bytes }) => `${name} ${Math.ceil(bytes / 1024)} KiB`).join(', ');
}
