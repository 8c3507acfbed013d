/** Lists the bundles' folder on disk, detects changes, and reads its bundles. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleReadResult, readBundle, refusal } from './bundle.ts';
import { folderFiles, readFileBounded, UnreadableError } from './bundle-files.ts';
import { TARBALL_BYTES, tarballFiles } from './tarball.ts';

/** Further bundles are ignored. */
export const MAX_BUNDLES = 1_000;

const TARBALL = /\.tgz$/i;

/** An entry's name without `.tgz`. */
export const withoutExtension = (entry: string): string => entry.replace(TARBALL, '');

/** Names of folders and tarballs that may be bundles, sorted, without those starting with `.` or `_`. */
export async function bundleEntries(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    // A missing folder has no bundles; it may come back.
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

/** Size, times and inode of the tarball, or of the given files in a folder. */
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

/** Reads the bundle with this name in the bundles' folder. */
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

/** Reads a packed bundle. @param entry its present or future name in the bundles' folder */
export async function readTarball(bytes: Buffer, entry: string): Promise<BundleReadResult> {
  try {
    return await readBundle(await tarballFiles(bytes), entry, true);
  } catch (error) {
    if (error instanceof UnreadableError) return tarballRefusal(error);
    throw error;
  }
}

const tarballRefusal = ({ message }: UnreadableError): BundleReadResult => refusal('bundle', `the tarball ${message}`);

/** A folder's name may end in `.tgz`, too. */
export async function isTarball(path: string): Promise<boolean> {
  if (!TARBALL.test(path)) return false;
  return stat(path).then(
    (stats) => !stats.isDirectory(),
    () => true,
  );
}
