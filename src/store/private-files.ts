/** Keeps the data folder private to its owner: files 0600, folders 0700. Does nothing on Windows. */
import { closeSync, type Dirent, openSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './files.ts';

export const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const PERMISSIONS = 0o777;
const OWNER_BITS = 0o700;
/** Our own files get 0600. Others keep their owner bits: a folder given by mistake may hold executables. */
const OWN_FILES = /\.(?:json|log|sqlite|sqlite-wal|sqlite-shm|tgz|tmp|damaged)$|^(?:lock|secret-key)$/;
const FILES_AT_ONCE = 32;

/**
 * Creates the data folder if it is missing, and removes access for group and others from everything in it. Files
 * copied in by hand may be open to them.
 *
 * @returns a sentence about what could not be changed, if anything
 */
export async function openDataFolder(folder: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  if (process.platform === 'win32') return undefined;
  const failures: string[] = [];
  await restrictFolder(folder, (path, error) => failures.push(`${path} (${codeOf(error)})`));
  if (failures.length === 0) return undefined;
  return `${failures.length} files or folders are still accessible to other users: ${failures[0]} could not be changed.`;
}

async function restrictFolder(folder: string, onError: (path: string, error: unknown) => void): Promise<void> {
  await restrict(folder, () => PRIVATE_FOLDER).catch((error) => onError(folder, error));
  const entries = await readdir(folder, { withFileTypes: true }).catch((error): Dirent[] => {
    onError(folder, error);
    return [];
  });
  // Links are not followed.
  const files = entries.filter((entry) => entry.isFile());
  for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
    const pending = files.slice(at, at + FILES_AT_ONCE).map(({ name }) => {
      const modeOf = (mode: number): number => (OWN_FILES.test(name) ? PRIVATE_FILE : mode & OWNER_BITS);
      return restrict(join(folder, name), modeOf).catch((error) => onError(join(folder, name), error));
    });
    await Promise.all(pending);
  }
  for (const entry of entries) if (entry.isDirectory()) await restrictFolder(join(folder, entry.name), onError);
}

async function restrict(path: string, modeOf: (mode: number) => number): Promise<void> {
  try {
    const mode = (await lstat(path)).mode & PERMISSIONS;
    if (modeOf(mode) !== mode) await chmod(path, modeOf(mode));
  } catch (error) {
    // Temporary files may vanish meanwhile.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Creates an empty private file if there is none. SQLite would create one, and its journals, readable by everybody. */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'a', PRIVATE_FILE));
  } catch {
    // SQLite reports a better error when it opens the file.
  }
}
