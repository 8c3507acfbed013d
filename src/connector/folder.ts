/** The bundles' folder as it lies on the disk: what is in it, and whether that has changed. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleReadResult, readBundle, refusal } from './bundle.ts';
import { folderFiles, readFileBounded, UnreadableError } from './bundle-files.ts';
import { TARBALL_BYTES, tarballFiles } from './tarball.ts';

/** Bundles beyond this are not looked at. */
export const MAX_BUNDLES = 1_000;

const TARBALL = /\.tgz$/i;

/** A bundle's name without the ending that says how it is packed. */
export const withoutExtension = (entry: string): string => entry.replace(TARBALL, '');

/** Folders and tarballs that may be bundles, in order; hidden and private names are none. */
export async function bundleEntries(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    // A folder that is gone holds no bundles; it may come back.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink() || (entry.isFile() && TARBALL.test(entry.name)))
    .map(({ name }) => name)
    .filter((name) => !/^[._]/.test(name))
    .sort()
    .slice(0, MAX_BUNDLES);
}

/** Size, times and inode of the files that count: the tarball, or in a folder those that are named. */
export async function fingerprintOf(path: string, folderFilePaths: readonly string[]): Promise<string> {
  const files = (await isTarball(path)) ? [''] : folderFilePaths;
  const parts = await Promise.all(
    files.map(async (file) => {
      try {
        const { size, mtimeMs, ctimeMs, ino } = await stat(join(path, file));
        return [file, size, mtimeMs, ctimeMs, ino].join(' ');
      } catch (error) {
        return `${file} ${(error as NodeJS.ErrnoException).code}`;
      }
    }),
  );
  return parts.join('\n');
}

/** Reads what lies under a name in the bundles' folder. */
export async function readEntry(folder: string, entry: string): Promise<BundleReadResult> {
  const path = join(folder, entry);
  if (!(await isTarball(path))) return readBundle(folderFiles(path), entry);
  try {
    return await readTarball(await readFileBounded(path, TARBALL_BYTES), entry);
  } catch (error) {
    if (error instanceof UnreadableError) return tarballRefusal(error);
    throw error;
  }
}

/** Reads a bundle that is packed. @param entry what it is called, or will be, in the bundles' folder */
export async function readTarball(bytes: Buffer, entry: string): Promise<BundleReadResult> {
  try {
    return await readBundle(await tarballFiles(bytes), entry, true);
  } catch (error) {
    if (error instanceof UnreadableError) return tarballRefusal(error);
    throw error;
  }
}

const tarballRefusal = ({ message }: UnreadableError): BundleReadResult => refusal('bundle', `the tarball ${message}`);

/** A folder may end in `.tgz` as well. */
async function isTarball(path: string): Promise<boolean> {
  if (!TARBALL.test(path)) return false;
  return stat(path).then(
    (stats) => !stats.isDirectory(),
    () => true,
  );
}
