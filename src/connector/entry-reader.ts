/** Reads a registry entry's bundle if its files have changed. */
import { join } from 'node:path';
import type { BundleReadResult } from './bundle.ts';
import { fingerprintOf, readEntry } from './folder.ts';
import type { Manifest } from './manifest.ts';
import { presentationFiles } from './presentation.ts';
import { isDuplicate } from './reasons.ts';
import type { RegistryEntry } from './registry-entry.ts';

/** Undefined if nothing changed since the last read. @param bundles the bundles' folder */
export async function readRegistryEntry(bundles: string, entry: RegistryEntry): Promise<BundleReadResult | undefined> {
  const path = join(bundles, entry.folder);
  let fingerprint = await fingerprintOf(path, fingerprintedFiles(entry.manifest));
  if (fingerprint === entry.fingerprint && !isDuplicate(entry.reasons)) return undefined;
  let read = await readEntry(bundles, entry.folder);
  if (read.manifest && fingerprintedFiles(read.manifest).join('\0') !== fingerprintedFiles(entry.manifest).join('\0')) {
    fingerprint = await fingerprintOf(path, fingerprintedFiles(read.manifest));
    read = await readEntry(bundles, entry.folder);
  }
  entry.fingerprint = fingerprint;
  if (read.manifest) entry.manifest = read.manifest;
  return read;
}

/** The files that make up the fingerprint. */
export function fingerprintedFiles(manifest: Manifest | undefined): string[] {
  return manifest ? ['package.json', manifest.main, ...presentationFiles(manifest)] : ['package.json'];
}
