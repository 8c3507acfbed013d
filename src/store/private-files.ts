/** The data folder is its owner's alone, whoever made what is in it: files 0600, folders 0700. Windows has no such modes. */
import { closeSync, type Dirent, openSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './files.ts';

export const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const PERMISSIONS = 0o777;
const OF_OWNER = 0o700;
/** What the runtime writes. Something else may lie in a folder that was meant for another purpose, a program say. */
const OURS = /\.(?:json|log|sqlite|sqlite-wal|sqlite-shm|tgz|tmp|damaged)$|^(?:lock|secret-key)$/;
const FILES_AT_ONCE = 32;

/**
 * Makes the data folder if it is not there, and closes what is in it to others: what was copied there, for one.
 *
 * @returns what is left open, in a sentence
 */
export async function openDataFolder(folder: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
  if (process.platform === 'win32') return undefined;
  const left: string[] = [];
  await closeFolder(folder, (path, error) => left.push(`${path} (${codeOf(error)})`));
  if (left.length === 0) return undefined;
  return `${left.length} files or folders stay open to others: ${left[0]} could not be closed.`;
}

async function closeFolder(folder: string, onError: (path: string, error: unknown) => void): Promise<void> {
  await close(folder, () => PRIVATE_FOLDER).catch((error) => onError(folder, error));
  const entries = await readdir(folder, { withFileTypes: true }).catch((error): Dirent[] => {
    onError(folder, error);
    return [];
  });
  // What a link leads to is somebody else's.
  const files = entries.filter((entry) => entry.isFile());
  for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
    const closing = files.slice(at, at + FILES_AT_ONCE).map(({ name }) => {
      const modeOf = (mode: number): number => (OURS.test(name) ? PRIVATE_FILE : mode & OF_OWNER);
      return close(join(folder, name), modeOf).catch((error) => onError(join(folder, name), error));
    });
    await Promise.all(closing);
  }
  for (const entry of entries) if (entry.isDirectory()) await closeFolder(join(folder, entry.name), onError);
}

async function close(path: string, modeOf: (mode: number) => number): Promise<void> {
  try {
    const mode = (await lstat(path)).mode & PERMISSIONS;
    if (modeOf(mode) !== mode) await chmod(path, modeOf(mode));
  } catch (error) {
    // Temporary files come and go.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Makes an empty file if there is none: SQLite would make one that all may read, and its logs like it. */
export function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'a', PRIVATE_FILE));
  } catch {
    // Whoever opens it says what is wrong with it.
  }
}
