/** Reads what lies in a slot's place. */
import { join } from 'node:path';
import type { ReadBundle } from './bundle.ts';
import { fingerprintOf, readEntry } from './folder.ts';
import { imagePath } from './image.ts';
import type { Manifest } from './manifest.ts';
import { isDuplicate } from './reasons.ts';
import type { Slot } from './slot.ts';

/** What lies there, if that has changed since it was read last. @param bundles the bundles' folder */
export async function readSlot(bundles: string, slot: Slot): Promise<ReadBundle | undefined> {
  const path = join(bundles, slot.folder);
  let fingerprint = await fingerprintOf(path, filesOf(slot.manifest));
  if (fingerprint === slot.fingerprint && !isDuplicate(slot.reasons)) return undefined;
  let read = await readEntry(bundles, slot.folder);
  if (read.manifest && filesOf(read.manifest).join('\0') !== filesOf(slot.manifest).join('\0')) {
    fingerprint = await fingerprintOf(path, filesOf(read.manifest));
    read = await readEntry(bundles, slot.folder);
  }
  slot.fingerprint = fingerprint;
  if (read.manifest) slot.manifest = read.manifest;
  return read;
}

/** Those whose change means another bundle, or another look of it. */
function filesOf(manifest: Manifest | undefined): string[] {
  if (!manifest) return ['package.json'];
  const image = imagePath(manifest.connector.imageURL);
  return ['package.json', manifest.main, ...(image === undefined ? [] : [image])];
}
