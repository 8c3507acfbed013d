/** The version of this package. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

export function ownVersion(): string {
  const path = findPackageJSON('..', import.meta.url);
  return path === undefined ? '' : (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
