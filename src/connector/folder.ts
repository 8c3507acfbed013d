/** The bundles' folder as it lies on the disk: what is in it, and whether that has changed. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Bundles beyond this are not looked at. */
const BUNDLES = 1_000;

/** Folders that may be bundles, in order; hidden and private names are none. */
export async function bundleNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    // A folder that is gone holds no bundles; it may come back.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .filter((name) => !/^[._]/.test(name))
    .sort()
    .slice(0, BUNDLES);
}

/** Size, times and inode of the files that count. */
export async function fingerprintOf(folder: string, files: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    files.map(async (file) => {
      try {
        const { size, mtimeMs, ctimeMs, ino } = await stat(join(folder, file));
        return [file, size, mtimeMs, ctimeMs, ino].join(' ');
      } catch (error) {
        return `${file} ${(error as NodeJS.ErrnoException).code}`;
      }
    }),
  );
  return marks.join('\n');
}
