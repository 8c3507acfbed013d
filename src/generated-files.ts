/** Checks that the files exist that `npm ci` generates through `prepare` (generate.ts). */
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/** Whether a file or a library can be resolved from here. */
export function isThere(specifier: string): boolean {
  try {
    return resolve(specifier) !== '';
  } catch {
    return false;
  }
}

// One output file per bundler.
const samples: readonly string[] = ['#typebox', '../sandbox/guest/libraries/url.js', './dashboard/built/index.html'];

/** What to do if generated files are missing; undefined if they are there. */
export function howToGenerate(): string | undefined {
  if (samples.every(isThere)) return undefined;
  return (
    'Generated files are missing: run `npm ci` with its scripts and development dependencies; ' +
    '`npm prune --omit=dev` may then remove the latter.\n'
  );
}
