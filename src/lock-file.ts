/**
 * Removes what package-lock.json says about Node versions. npm compares it with the Node that runs npm and warns, a
 * page long, but the project brings the Node that its libraries run on.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockFile {
  readonly packages: Record<string, { engines?: unknown }>;
}

/** npm adds it for libraries that it installs anew. */
export function removeEngines(file: string): void {
  const lock = JSON.parse(readFileSync(file, 'utf8')) as LockFile;
  const libraries = Object.entries(lock.packages).filter(([path, { engines }]) => path !== '' && engines !== undefined);
  if (libraries.length === 0) return;
  for (const [, library] of libraries) delete library.engines;
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
